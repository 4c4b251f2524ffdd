"""Running all checks side by side: each within its own bound, the whole within one, what hangs is left behind."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping, Sequence

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.machine import NEEDS_ROOT, CouldNotAsk, Elsewhere
from appliance.doctor.result import CouldNot, Finding, Inapplicable, Result, Skipped, Status
from appliance.doctor.said import NOTHING, Said, same

SIDE_BY_SIDE = 12
WHOLE_SECONDS = 14.0
DEEP_SECONDS = 4 * 3600.0
WELL = frozenset({Status.OK, Status.WARN})
SERVER_ONLY = Said("Does not apply here: not a provisioned server.", "Здесь не применимо: это не развёрнутый сервер.")
LIVE_ONLY = Said(
    "Does not apply: a directory, not a running machine.", "Не применимо: каталог, а не работающая машина."
)

Outcome = tuple[Result, float]


def run_checks(host: Host, checks: Sequence[Check], *, seconds: float = 0.0) -> list[Finding]:
    """Run checks, those before their needs first, and return a finding of each in the order of `checks`.

    A check that is not back in time becomes "could not check"; its thread is left behind, it changes nothing.
    """
    whole = seconds or (DEEP_SECONDS if host.deep else WHOLE_SECONDS)
    run = _Run(host, checks, time.monotonic() + whole)
    return run.findings()


class _Run:
    """One run of the doctor."""

    def __init__(self, host: Host, checks: Sequence[Check], deadline: float) -> None:
        self._host = host
        self._checks = {check.id: check for check in checks}
        self._deadline = deadline
        self._done: dict[str, Outcome] = {}
        self._causes: dict[str, str] = {}  # of a check that was skipped: the one that is not well
        self._back: queue.SimpleQueue[tuple[str, Outcome]] = queue.SimpleQueue()
        self._out: dict[str, float] = {}  # the moment at which each running check has had its time

    def findings(self) -> list[Finding]:
        """Run all."""
        while len(self._done) < len(self._checks):
            self._send_out()
            if self._out:
                self._take_back()
        return [_finding(check, *self._done[check.id]) for check in self._checks.values()]

    def _send_out(self) -> None:
        """Settle what needs no running, and start what may start now."""
        for check in self._checks.values():
            if check.id in self._done or check.id in self._out:
                continue
            settled = self._without_running(check)
            if settled is not None:
                self._done[check.id] = (settled, 0.0)
            elif self._may_start(check) and len(self._out) < SIDE_BY_SIDE:
                bound = self._deadline if self._host.deep else min(self._deadline, time.monotonic() + check.seconds)
                self._out[check.id] = bound
                threading.Thread(target=self._go, args=(check,), name=check.id, daemon=True).start()

    def _without_running(self, check: Check) -> Result | None:
        """Return the result of a check that there is no sense in running; None when it should run."""
        if check.server and not self._host.place.server:
            return Inapplicable(SERVER_ONLY)
        if check.live and not self._host.machine.live:
            return Inapplicable(LIVE_ONLY)
        for need in check.needs:
            if need in self._done and self._done[need][0].status not in WELL | {Status.INAPPLICABLE}:
                cause = self._causes[check.id] = self._causes.get(need, need)
                return Skipped(Said(f"Not checked because of {cause}.", f"Не проверено из-за {cause}."))
        if time.monotonic() > self._deadline:
            return CouldNot(Said("There was no time left for it.", "На неё не хватило времени."), _alone(check))
        return None

    def _may_start(self, check: Check) -> bool:
        """Whether all that a check rests on is known; what was not asked for is taken for well."""
        return all(need in self._done for need in check.needs if need in self._checks)

    def _go(self, check: Check) -> None:
        """Run one check in its own thread."""
        started = time.monotonic()
        result = _guarded(check, self._host)
        self._back.put((check.id, (result, time.monotonic() - started)))

    def _take_back(self) -> None:
        """Wait until a check is back or has had its time."""
        nearest = min(self._out.values())
        try:
            name, outcome = self._back.get(timeout=max(0.0, nearest - time.monotonic()))
        except queue.Empty:
            late = [name for name, bound in self._out.items() if bound <= time.monotonic()]
            for name in late:
                bound_seconds = self._checks[name].seconds
                said = Said("It did not come back in time.", "Она не завершилась вовремя.")
                self._done[name] = (CouldNot(said, _alone(self._checks[name])), bound_seconds)
                del self._out[name]
            return
        if self._out.pop(name, None) is not None:
            self._done[name] = outcome


def _guarded(check: Check, host: Host) -> Result:
    """Run a check; whatever stops it is told as "could not check", so that one broken check hides no other."""
    try:
        return check.run(host)
    except Elsewhere as refusal:
        return Inapplicable(refusal.observed)
    except CouldNotAsk as refusal:
        return CouldNot(refusal.observed, refusal.remedy)
    except PermissionError as error:
        said = f"{error.filename or ''}"
        return CouldNot(Said(f"It may not be read: {said}", f"Нет прав на чтение: {said}"), NEEDS_ROOT)
    except Exception as error:  # noqa: BLE001  # told, not swallowed: the finding names it
        told = f"{type(error).__name__}: {error}"[:240]
        return CouldNot(Said(f"The check itself failed: {told}", f"Сама проверка сломалась: {told}"), _alone(check))


def _alone(check: Check) -> Said:
    """How to run one check alone."""
    return same(f"ostrov doctor --only {check.id}")


def _finding(check: Check, result: Result, seconds: float) -> Finding:
    """Put a check and its result together."""
    return Finding(
        check.id,
        check.title,
        result.status,
        result.observed,
        check.expected,
        result.remedy or NOTHING,
        check.control,
        round(seconds * 1000),
    )


def chosen(checks: Sequence[Check], only: Sequence[str]) -> list[Check]:
    """Return the checks of the groups or ids that were asked for, with all that they need; all when none was."""
    if not only:
        return list(checks)
    by_id: Mapping[str, Check] = {check.id: check for check in checks}
    wanted: set[str] = set()

    def want(check: Check) -> None:
        if check.id not in wanted:
            wanted.add(check.id)
            for need in check.needs:
                want(by_id[need])

    for check in checks:
        if check.id in only or check.group in only:
            want(check)
    return [check for check in checks if check.id in wanted]


def unknown_names(checks: Sequence[Check], only: Sequence[str]) -> list[str]:
    """Return what was asked for and does not exist."""
    known = {check.id for check in checks} | {check.group for check in checks}
    return [name for name in only if name not in known]
