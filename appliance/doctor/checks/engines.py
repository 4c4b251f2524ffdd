"""The engines serve, told by the gateway, their one door."""

from __future__ import annotations

import json
from typing import Any

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.machine import CouldNotAsk
from appliance.doctor.result import Fail, Inapplicable, Ok, Result, Warn
from appliance.doctor.said import Said, listed, same
from appliance.doctor.systemd import unit_states

PARTS = {"chat": "llm", "fast": "llm", "embed": "embed", "speech": "speech"}


def readiness(host: Host) -> dict[str, Any]:
    """What the gateway says of itself."""

    def find_out() -> dict[str, Any]:
        url = f"{host.place.gateway_url}/readyz"
        try:
            answer = host.machine.ask(url, 5.0)
        except OSError as error:
            told = error.strerror or str(error)
            raise CouldNotAsk(Said(f"{url} does not answer: {told}", f"{url} не отвечает: {told}")) from error
        try:
            told = json.loads(answer.text)
            return {"ready": bool(told["ready"]), "engines": dict(told["engines"]), "told": told}
        except (ValueError, KeyError, TypeError) as error:
            raise CouldNotAsk(
                Said(
                    f"{url} answers {answer.status}, and not as a gateway.",
                    f"{url} отвечает {answer.status}, но не как шлюз.",
                )
            ) from error

    return host.once("readiness", find_out)


def look(host: Host) -> Result:
    """Name engines that do not serve."""
    if not host.place.has("gateway"):
        return Inapplicable(Said("The gateway is on another host.", "Шлюз на другом узле."))
    logs = "journalctl -u ostrov-{} -n 50" if host.place.server else f"tail -n 50 {host.place.home}/logs/{{}}.log"
    try:
        engines = readiness(host)["engines"]
    except CouldNotAsk as refusal:
        return Fail(refusal.observed, same(logs.format("gateway")))
    away = {role: told for role, told in engines.items() if told.get("state") not in {"ready", "off"}}
    states = unit_states(host) if host.place.server else {}
    waiting = [role for role in away if (unit := states.get(_unit(role))) is not None and unit.waits]
    if waiting and len(waiting) == len(away):
        observed = Said(f"No model for: {', '.join(waiting)}.", f"Нет модели для: {', '.join(waiting)}.")
        return Warn(observed, same("ostrov models list"))
    if away:
        said = [same(f"{role}: {told.get('state')} {told.get('reason') or ''}".strip()) for role, told in away.items()]
        first = next(iter(away))
        starting = all(told.get("state") == "starting" for told in away.values())
        return (Warn if starting else Fail)(listed(said), same(logs.format(PARTS.get(first, first))))
    off = [role for role, told in engines.items() if told.get("state") == "off"]
    ready = ", ".join(sorted(role for role in engines if role not in off)) or "-"
    told = Said(f"Ready: {ready}.", f"Готовы: {ready}.")
    return Ok(told + Said(f" Off: {', '.join(off)}.", f" Выключены: {', '.join(off)}.") if off else told)


def _unit(role: str) -> str:
    """The unit of the engine that serves a role."""
    return f"ostrov-{PARTS.get(role, role)}.service"


CHECK = Check(
    id="ai.engines",
    title=Said("The models answer", "Модели отвечают"),
    expected=Said("The gateway answers and finds every engine ready.", "Шлюз отвечает, все модели готовы."),
    control="ISO 27001 A.8.14",
    run=look,
    needs=("services.gateway", "services.llm", "services.embed", "services.speech"),
    server=False,
)
