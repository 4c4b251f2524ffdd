"""The parts of the product, one check each, so that a dead part is one finding and what rests on it is not checked."""

from __future__ import annotations

from functools import partial

from appliance.doctor.check import Check
from appliance.doctor.demo import demo_state
from appliance.doctor.host import Host
from appliance.doctor.result import CouldNot, Fail, Inapplicable, Ok, Result, Warn
from appliance.doctor.said import Said, same
from appliance.doctor.systemd import UnitState, last_words, unit_states, units_of

MANY_RESTARTS = 3
TITLES = {
    "postgresql": Said("PostgreSQL runs", "PostgreSQL работает"),
    "nginx": Said("nginx runs", "nginx работает"),
    "nftables": Said("The packet filter is loaded", "Фильтр пакетов загружен"),
    "ulogd2": Said("Refused packets are written down", "Отклонённые пакеты записываются"),
    "web": Said("The web application runs", "Веб-приложение работает"),
    "worker": Said("The worker runs", "Обработчик заданий работает"),
    "gateway": Said("The gateway runs", "Шлюз моделей работает"),
    "llm": Said("The language model runs", "Языковая модель работает"),
    "embed": Said("The embeddings run", "Модель поиска работает"),
    "speech": Said("Speech recognition runs", "Распознавание речи работает"),
}
ROLES = {"llm": "chat", "embed": "embed", "speech": "speech"}
OF_A_DEMO = {"postgresql": "postgres"}
FILTERING = frozenset({"nftables", "ulogd2"})
NOT_IN_A_DEMO = frozenset({"nginx", "nftables", "ulogd2"})
EXPECTED = Said(
    "It runs, comes back after a reboot, and has not been restarted time and again.",
    "Работает, запустится после перезагрузки и не перезапускается раз за разом.",
)


def look(part: str, host: Host) -> Result:
    """Say how one part is."""
    if not host.place.has(part):
        return Inapplicable(Said("It runs on another host.", "Работает на другом узле."))
    return _units(part, host) if host.place.server else _process(part, host)


def _units(part: str, host: Host) -> Result:
    """Judge the units of one part, the worst first."""
    known = unit_states(host)
    states = [known.get(name) for name in units_of(host)[part]]
    for name, state in zip(units_of(host)[part], states, strict=True):
        if state is None or not state.loaded:
            return Fail(
                Said(f"There is no unit {name}.", f"Юнита {name} нет."),
                Said(
                    "Run the playbook again: ansible-playbook site.yml", "Повторите плейбук: ansible-playbook site.yml"
                ),
            )
    present = [state for state in states if state is not None]
    dead = next((state for state in present if not state.runs and not _waits_for_its_socket(state, present)), None)
    if dead is not None and dead.waits and part in ROLES:
        return _without_model(part, dead)
    if dead is not None:
        return _dead(host, dead)
    if not present[0].at_boot:
        name = present[0].id
        observed = Said(f"{name} runs and would not after a reboot.", f"{name} после перезагрузки не запустится.")
        return Warn(observed, same(f"systemctl enable {name}"))
    restless = next((state for state in present if state.restarts >= MANY_RESTARTS), None)
    if restless is not None:
        count, name = restless.restarts, restless.id
        observed = Said(f"{name} was restarted {count} times.", f"{name} перезапускался {count} раз.")
        return Warn(observed, same(f"journalctl -u {name} -n 50"))
    return Ok(same(", ".join(state.id for state in present)))


def _waits_for_its_socket(state: UnitState, present: list[UnitState]) -> bool:
    """Whether a service is not running because nobody has asked for it since its socket began to listen."""
    asleep = state.active == "inactive" and state.result in {"", "success"}
    return asleep and state is not present[0] and present[0].id.endswith(".socket") and present[0].runs


def _without_model(part: str, state: UnitState) -> Result:
    """An engine that has no model: the CRM works, what the model adds does not."""
    return Warn(
        Said(f"{state.id} waits for a model.", f"{state.id} ждёт модель."),
        same(f"ostrov models import PATH ; ostrov models use {ROLES[part]} NAME@VERSION ; systemctl start {state.id}"),
    )


def _dead(host: Host, state: UnitState) -> Result:
    """Say which unit does not run, why, and what it said last."""
    words = last_words(host, state.id)
    tail = f" «{words}»" if words else ""
    why = f"{state.active}/{state.sub}" + (f", {state.result}" if state.result not in {"", "success"} else "")
    return Fail(
        Said(f"{state.id} is {why}.{tail}", f"{state.id}: {why}.{tail}"),
        Said(
            f"journalctl -u {state.id} -n 50 ; mend the cause, then: systemctl restart {state.id}",
            f"journalctl -u {state.id} -n 50 ; устраните причину, затем: systemctl restart {state.id}",
        ),
    )


def _process(part: str, host: Host) -> Result:
    """Judge the process of one part of a demo."""
    if part in NOT_IN_A_DEMO:
        return Inapplicable(
            Said("Does not apply here: not a provisioned server.", "Здесь не применимо: это не развёрнутый сервер.")
        )
    name = OF_A_DEMO.get(part, part)
    process = demo_state(host)["processes"].get(name)
    log = host.place.home / "logs" / f"{name}.log"
    if process is None:
        return CouldNot(Said("The demo does not tell of it yet.", "Демо о ней ещё не сообщает."), same("ostrov status"))
    if process["state"] == "ready":
        restarts = process.get("restarts", 0)
        if restarts >= MANY_RESTARTS:
            return Warn(Said(f"Restarted {restarts} times.", f"Перезапусков: {restarts}."), same(f"tail {log}"))
        return Ok(Said(f"Process {process['pid']}.", f"Процесс {process['pid']}."))
    reason = process.get("reason", "")
    observed = same(f"{process['state']}" + (f": {reason}" if reason else ""))
    if process["state"] in {"starting", "waiting", "off"}:
        return Warn(observed, same("ostrov status"))
    return Fail(observed, same(f"tail -n 50 {log}"))


CHECKS = tuple(
    Check(
        id=f"services.{part}",
        title=title,
        expected=EXPECTED,
        control="ISO 27001 A.8.14; CIS v8 4.1" if part not in FILTERING else "ISO 27001 A.8.20; CIS v8 4.4",
        run=partial(look, part),
        needs=("services.machine",),
        server=part in NOT_IN_A_DEMO,
    )
    for part, title in TITLES.items()
)
