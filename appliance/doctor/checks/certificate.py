"""The certificate that browsers are shown, and the authority that signed it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.machine import CouldNotAsk
from appliance.doctor.place import CONFIGURATION
from appliance.doctor.result import Fail, Inapplicable, Ok, Result, Warn
from appliance.doctor.said import Said, same

AUTHORITY = CONFIGURATION / "pki" / "ca.crt"
WARN_DAYS = 30
RENEW = Said(
    "ansible-playbook site.yml --tags pki,nginx (the company's own: put the new one into the inventory first)",
    "ansible-playbook site.yml --tags pki,nginx (сертификат компании: сначала укажите новый в инвентаре)",
)


def look(host: Host) -> Result:
    """Judge dates, name and signer of what nginx really presents."""
    if not host.place.has("web"):
        return Inapplicable(Said("The pages are on another host.", "Страницы на другом узле."))
    domain = host.place.domain
    try:
        pem = host.machine.certificate("127.0.0.1", 443, domain)
    except OSError as error:
        why = error.strerror or str(error)
        return Fail(
            Said(f"No certificate was shown: {why}", f"Сертификат не предъявлен: {why}"),
            same("nginx -t ; systemctl status nginx"),
        )
    return _unfit(host, pem, domain) or _dates(host, pem)


def _unfit(host: Host, pem: str, domain: str) -> Result | None:
    """Why a certificate serves nobody, whatever its dates; None when it does."""
    if domain and not _names(host, pem, domain):
        return Fail(Said(f"It is not for {domain}.", f"Он не для {domain}."), RENEW)
    if not host.machine.path(AUTHORITY).is_file():
        return None
    output = host.machine.run("openssl", "verify", "-no_check_time", "-CAfile", str(host.machine.path(AUTHORITY)),
                              given=pem, live=False)  # fmt: skip
    if output.code == 0:
        return None
    why = output.last_line
    return Fail(Said(f"{AUTHORITY} did not sign it: {why}", f"{AUTHORITY} его не подписывал: {why}"), RENEW)


def _dates(host: Host, pem: str) -> Result:
    """How long the certificate and its authority are good."""
    ends, now = _ends(host, pem), host.machine.now()
    days = (ends - now).days
    if ends < now:
        return Fail(Said(f"It ran out on {ends:%F}.", f"Истёк {ends:%F}."), RENEW)
    told = Said(f"Good until {ends:%F} ({days} days).", f"Действует до {ends:%F} ({days} дн.).")
    authority = host.machine.path(AUTHORITY)
    if authority.is_file():
        left = (_ends(host, authority.read_text(encoding="ascii", errors="replace")) - now).days
        if left < WARN_DAYS * 3:
            said = Said(f"Its authority ends in {left} days.", f"Её удостоверяющий центр истекает через {left} дн.")
            return Warn(said, RENEW)
    return Warn(told, RENEW) if days < WARN_DAYS else Ok(told)


def _ends(host: Host, pem: str) -> datetime:
    """The moment at which a certificate runs out."""
    output = host.machine.run("openssl", "x509", "-noout", "-enddate", given=pem, live=False)
    found = re.search(r"notAfter=(.+)", output.out)
    if not found:
        raise CouldNotAsk(
            Said(f"openssl cannot read it: {output.last_line}", f"openssl не может прочитать: {output.last_line}")
        )
    return datetime.strptime(found.group(1).replace(" GMT", "").strip(), "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)


def _names(host: Host, pem: str, domain: str) -> bool:
    """Whether a certificate is for a name."""
    output = host.machine.run("openssl", "x509", "-noout", "-checkhost", domain, given=pem, live=False)
    return "does match certificate" in output.out


CHECK = Check(
    id="security.certificate",
    title=Said("The certificate is good", "Сертификат в порядке"),
    expected=Said(
        "For the server's name, signed by its authority, good for 30 days or more.",
        "На имя сервера, подписан его центром, действует ещё 30 дней и больше.",
    ),
    control="ISO 27001 A.8.24; CIS v8 3.10",
    run=look,
    needs=("services.nginx",),
)
