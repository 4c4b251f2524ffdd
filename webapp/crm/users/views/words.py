"""How roles and browsers are called on the pages."""

from __future__ import annotations

from flask import Flask

from webapp.kit.i18n import N_, gettext

ROLES = {
    "staff": N_("Staff"),
    "head": N_("Head"),
    "administrator": N_("Administrator"),
    "officer": N_("Security officer"),
}
# Marks in a User-Agent header, the telling one first: Edge also calls itself Chrome, and Chrome calls itself Safari.
BROWSERS = (
    ("YaBrowser/", "Yandex"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def role_name(name: str) -> str:
    """The name of a role in the person's language; a role of the customer's own is called as it was named."""
    return gettext(ROLES[name]) if name in ROLES else name


def browser_name(user_agent: str) -> str:
    """A browser as people call it: "Firefox, Linux"."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return ", ".join(part for part in (browser, system) if part) or gettext("Unknown browser")


def install(app: Flask) -> None:
    """Give both to the templates."""
    app.jinja_env.filters.update(role_name=role_name, browser_name=browser_name)
