"""Engines live on this machine or in private networks; any other address is refused when the gateway starts."""

from __future__ import annotations

from appliance.addresses import AddressRefused, checked

__all__ = ["AddressRefused", "checked_url"]


def checked_url(setting: str, url: str) -> str:
    """Return the URL without its trailing slash. Raises AddressRefused unless every address behind it is inside."""
    remedy = f"Set {setting} to an engine on this machine or in a private network, such as http://127.0.0.1:8091."
    return checked(setting, url, remedy)
