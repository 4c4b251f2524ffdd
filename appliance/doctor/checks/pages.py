"""The pages answer, asked as a browser does: on a server through nginx."""

from __future__ import annotations

import json

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.result import Fail, Inapplicable, Ok, Result
from appliance.doctor.said import Said, same

FINE = 200


def look(host: Host) -> Result:
    """Ask for readiness at the front door."""
    if not host.place.has("web"):
        return Inapplicable(Said("The pages are on another host.", "Страницы на другом узле."))
    url = f"{host.place.web_url}/readyz"
    remedy = same("journalctl -u nginx -u 'ostrov-web@*' -n 50" if host.place.server else "ostrov status")
    try:
        answer = host.machine.ask(url, 6.0, host.place.domain)
    except OSError as error:
        told = error.strerror or str(error) or type(error).__name__
        return Fail(Said(f"{url} does not answer: {told}", f"{url} не отвечает: {told}"), remedy)
    if answer.status != FINE:
        told = _reason(answer.text)
        return Fail(Said(f"{url} answers {answer.status}{told}", f"{url} отвечает {answer.status}{told}"), remedy)
    return Ok(Said(f"{url} is ready.", f"{url} готов."))


def _reason(text: str) -> str:
    """What an answer says of itself, as far as it is JSON."""
    try:
        told = json.loads(text)
    except ValueError:
        return ""
    return f": {json.dumps(told, ensure_ascii=False)[:200]}" if isinstance(told, dict) else ""


CHECK = Check(
    id="services.pages",
    title=Said("The pages answer", "Страницы открываются"),
    expected=Said("The front door answers 200 to /readyz.", "Вход отвечает 200 на /readyz."),
    control="ISO 27001 A.8.14",
    run=look,
    needs=("services.nginx", "services.web", "database.answers", "database.migrations"),
    server=False,
)
