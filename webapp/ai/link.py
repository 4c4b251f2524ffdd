"""How the gateway is reached on another machine: by TLS with certificates of both sides."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from appliance.settings import SettingsError


@dataclass(frozen=True)
class Link:
    """Files: of the authority that the gateway's certificate must be of, and of the certificate and key that we show.

    Without `trust` the gateway is one of this machine, or has a certificate that the system knows.
    """

    trust: str = ""
    certificate: str = ""
    certificate_key: str = ""

    def context(self) -> ssl.SSLContext | bool:
        """What connections are checked with, as httpx takes it. Raises SettingsError for a file that cannot be used."""
        named = {
            "OSTROV_GATEWAY_TRUST": self.trust,
            "OSTROV_GATEWAY_CERTIFICATE": self.certificate,
            "OSTROV_GATEWAY_CERTIFICATE_KEY": self.certificate_key,
        }
        for name, path in named.items():
            if path and not Path(path).is_file():
                raise SettingsError(f"{name}={path} is not a file. Name a file in PEM, or leave the setting out.")
        if bool(self.certificate) != bool(self.certificate_key):
            raise SettingsError("OSTROV_GATEWAY_CERTIFICATE and OSTROV_GATEWAY_CERTIFICATE_KEY go together. Name both.")
        try:
            context = ssl.create_default_context(cafile=self.trust or None)
            if self.certificate:
                context.load_cert_chain(self.certificate, self.certificate_key)
        except ssl.SSLError as error:
            given = ", ".join(f"{name}={path}" for name, path in named.items() if path)
            raise SettingsError(f"{given}: no certificate, or a key of another one ({error.reason}).") from error
        return context if any(named.values()) else True
