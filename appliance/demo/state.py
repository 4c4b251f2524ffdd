"""What a running demo tells others: written by the supervisor, read by `ostrov status` and `ostrov demo stop`."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from appliance.demo.home import Home
from appliance.demo.units import Service, State, Unit

Description = dict[str, Any]
NOT_RUNNING: Description = {"running": False, "url": None, "ready": False, "processes": {}, "features": {}}
SETTLED = frozenset({State.READY, State.OFF, State.DOWN})


class AlreadyRunning(Exception):
    """Another demo holds the lock of this state directory."""


def hold_lock(home: Home) -> IO[str]:
    """Take the lock of a state directory and keep it as long as the returned file is open."""
    stream = home.lock.open("a+")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.close()
        raise AlreadyRunning from None
    stream.truncate(0)
    stream.write(str(os.getpid()))
    stream.flush()
    return stream


def is_locked(home: Home) -> bool:
    """Tell whether a demo runs on this state directory."""
    try:
        with home.lock.open("r") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def supervisor_pid(home: Home) -> int | None:
    """Return the process id of the running supervisor."""
    with suppress(OSError, ValueError):
        return int(home.lock.read_text()) if is_locked(home) else None
    return None


def is_ready(units: Mapping[str, Unit]) -> bool:
    """Tell whether the product can be used: what the CRM needs is up and every feature is ready, off or down."""
    services = [unit for unit in units.values() if isinstance(unit, Service) and not unit.standby]
    core = [unit for unit in services if unit.name in {"postgres", "web", "worker"}]
    others = [unit for unit in services if unit not in core]
    return all(unit.state is State.READY for unit in core) and all(unit.state in SETTLED for unit in others)


def describe(units: Mapping[str, Unit], url: str, pid: int) -> dict[str, Any]:
    """Return the state of a demo in the shape of `ostrov status --json`."""
    services = [unit for unit in units.values() if isinstance(unit, Service)]
    return {
        "running": True,
        "url": url,
        "ready": is_ready(units),
        "pid": pid,
        "processes": {unit.name: _process(unit) for unit in services},
        "features": {unit.feature: _feature(unit, units) for unit in services if unit.feature and not unit.standby},
    }


def _process(unit: Service) -> dict[str, Any]:
    """Describe one process."""
    state = {"state": str(unit.state), "pid": unit.pid, "restarts": unit.restarts, "port": unit.port}
    told = {"reason": unit.reason, "note": unit.note}
    return {**state, **{name: text for name, text in told.items() if text}}


def _feature(unit: Service, units: Mapping[str, Unit]) -> dict[str, str]:
    """Describe one feature: by its engine, by what the engine waits for, and by the one door in front of it."""
    if unit.state is State.WAITING:
        waits_for = [units[name].title for name in unit.needs if units[name].state is not State.DONE]
        return {"state": "starting", "reason": f"waits for: {', '.join(waits_for)}" if waits_for else ""}
    door = units.get("gateway")
    if unit.state is State.READY and door is not None and door.state is not State.READY:
        state = door.state if door.state in {State.OFF, State.DOWN} else State.STARTING
        return {"state": str(state), "reason": f"waits for: {door.title}" + (f", {door.reason}" if door.reason else "")}
    return {"state": str(unit.state), "reason": unit.reason}


def write(path: Path, value: Mapping[str, Any]) -> None:
    """Write the state so that a reader sees the old or the new one, never half of it."""
    work = path.with_suffix(".new")
    work.write_text(json.dumps(value))
    work.replace(path)


def read(home: Home) -> dict[str, Any]:
    """Return the state of the demo on a state directory."""
    if is_locked(home):
        with suppress(OSError, ValueError):
            loaded: dict[str, Any] = json.loads(home.status.read_text())
            if loaded.get("pid") == supervisor_pid(home):
                return loaded
        return {**NOT_RUNNING, "running": True}
    return dict(NOT_RUNNING)


def accounts(home: Home) -> list[dict[str, str]]:
    """Return the demo accounts that the loader of the sample company wrote down."""
    with suppress(OSError, ValueError):
        loaded: Iterable[dict[str, str]] = json.loads(home.accounts.read_text())
        return list(loaded)
    return []
