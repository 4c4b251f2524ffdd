"""Runs the steps of an update, and takes them back when one fails or when the machine died between two of them.

The rule at any death: before the line `decided` everything is taken back, newest first; after it everything is
finished. `undo` and the finishing steps may therefore be asked again for what is done already, and for what was only
half done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Protocol

from appliance.release.update.journal import (
    BEGIN,
    DECIDED,
    DONE,
    END,
    FAILED,
    INTENT,
    STUCK,
    UNDOING,
    UNDONE,
    Facts,
    Journal,
)


class StepFailed(Exception):
    """A step could not be done; the message says what was seen, the remedy what to do before trying again."""

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(sentence)
        self.remedy = remedy


class Outcome(StrEnum):
    """How an update ended."""

    COMMITTED = "committed"
    REFUSED = "refused"
    COMPENSATED = "compensated"
    STUCK = "stuck"


EXIT_CODES: Final = {Outcome.COMMITTED: 0, Outcome.REFUSED: 2, Outcome.COMPENSATED: 11, Outcome.STUCK: 12}


class Step(Protocol):
    """One thing that an update does."""

    @property
    def name(self) -> str:
        """The step's name in the journal."""

    @property
    def touches(self) -> bool:
        """Whether the step changes anything; what only looks may refuse the update."""

    def prepare(self) -> Facts:
        """Look, and return all that `undo` will need; changes nothing."""

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Do it and return what was found out; `past` has the results of the steps before."""

    def undo(self, facts: Facts, past: Mapping[str, Facts]) -> None:
        """Bring back what was before; may be asked after half a `do`, and again after a whole `undo`."""


@dataclass(frozen=True)
class Result:
    """How an update ended, and what to tell."""

    outcome: Outcome
    step: str = ""
    reason: str = ""
    remedy: str = ""
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """The command's exit code."""
        return EXIT_CODES[self.outcome]


def _nothing() -> None:
    """Shield from nothing."""


@dataclass
class Engine:
    """One update: its journal, the steps that can be taken back, and those that finish it.

    `shield` is called when the way leads back, or only forward: from then on no signal may stop the process.
    """

    journal: Journal
    steps: Sequence[Step]
    finishing: Sequence[Step]
    clock: Callable[[], float] = time.monotonic
    shield: Callable[[], None] = _nothing
    retries: int = 3
    pause_seconds: float = 1.0
    _past: dict[str, Facts] = field(default_factory=dict)

    def run(self, begin: Facts) -> Result:
        """Do all steps; take them back when one fails."""
        started = self.clock()
        self.journal.write(BEGIN, facts=begin)
        touched = False
        for step in self.steps:
            touched = touched or step.touches
            failure = self._do(step)
            if failure is not None:
                return self._give_up(step, failure, touched, started)
        return self._decide(started)

    def resume(self) -> Result:
        """Finish what was decided, take back what was not."""
        started = self.clock()
        self._past = {step.name: self.journal.facts(DONE, step.name) for step in self.steps}
        if self.journal.decided:
            return self._finish(started)
        known = {step.name: step for step in self.steps}
        begun = [known[name] for name in self.journal.intended() if name in known]
        failed = next((r for r in reversed(self.journal.records) if r.event == FAILED), None)
        interrupted = begun[-1].name if begun else ""
        reason = str(failed.facts["reason"]) if failed else "The machine or the command stopped in the middle."
        step = failed.step if failed else interrupted
        touched = any(one.touches and self.journal.of(INTENT, one.name) for one in self.steps)
        if not touched:
            return self._end(Outcome.REFUSED, step, reason, "", started)
        return self._take_back(begun, step, reason, started)

    def _decide(self, started: float) -> Result:
        """Write that the new release was found good; what cannot be written down was not decided."""
        try:
            self.journal.write(DECIDED)
        except OSError as error:
            return self._give_up(self.steps[-1], StepFailed(f"The journal cannot be written: {error}"), True, started)
        return self._finish(started)

    def _do(self, step: Step) -> StepFailed | None:
        """Do one step between two lines of the journal; return why it failed."""
        began = self.clock()
        try:
            facts = step.prepare()
            self.journal.write(INTENT, step.name, facts)
            self._past[step.name] = step.do(facts, self._past)
            self.journal.write(DONE, step.name, {**self._past[step.name], "seconds": round(self.clock() - began, 3)})
        except (StepFailed, OSError) as error:
            failure = error if isinstance(error, StepFailed) else StepFailed(f"{type(error).__name__}: {error}")
            self._note_failure(step, failure)
            return failure
        return None

    def _note_failure(self, step: Step, failure: StepFailed) -> None:
        """Write down why a step failed; a disk that has no room for the line must not stop the way back."""
        try:
            self.journal.write(FAILED, step.name, {"reason": str(failure), "remedy": failure.remedy})
        except OSError as error:
            failure.add_note(f"The journal could not be written: {error}")

    def _give_up(self, step: Step, failure: StepFailed, touched: bool, started: float) -> Result:
        """Refuse when nothing was touched, else take everything back."""
        if not touched:
            return self._end(Outcome.REFUSED, step.name, str(failure), failure.remedy, started)
        known = {one.name: one for one in self.steps}
        begun = [known[name] for name in self.journal.intended()]
        return self._take_back(begun, step.name, str(failure), started, failure.remedy)

    def _take_back(self, begun: Sequence[Step], step: str, reason: str, started: float, remedy: str = "") -> Result:
        """Undo the begun steps, newest first; a person is needed where one cannot be undone."""
        self.shield()
        for one in reversed([one for one in begun if one.touches]):
            failure = self._attempt(lambda one=one: self._undo(one))  # type: ignore[misc]
            if failure is not None:
                why = f"{reason} Then {one.name!r} could not be taken back: {failure}"
                return self._stuck(one, why, failure.remedy, started)
        return self._end(Outcome.COMPENSATED, step, reason, remedy, started)

    def _undo(self, step: Step) -> None:
        """Undo one step between two lines of the journal."""
        self.journal.write(UNDOING, step.name)
        step.undo(self.journal.facts(INTENT, step.name), self._past)
        self.journal.write(UNDONE, step.name)

    def _finish(self, started: float) -> Result:
        """Do the finishing steps that are not done yet."""
        self.shield()
        for step in self.finishing:
            if self.journal.of(DONE, step.name) is not None:
                continue
            failure = self._attempt(lambda step=step: self._conclude(step))  # type: ignore[misc]
            if failure is not None:
                why = f"The new release serves, but {step.name!r} could not be finished: {failure}"
                return self._stuck(step, why, failure.remedy, started)
        warnings = [
            str(one) for step in self.finishing for one in self.journal.facts(DONE, step.name).get("warnings", ())
        ]
        return replace(self._end(Outcome.COMMITTED, "", "", "", started), warnings=tuple(warnings))

    def _conclude(self, step: Step) -> None:
        """Do one finishing step between two lines of the journal; the first intent's facts stay."""
        if self.journal.of(INTENT, step.name) is None:
            self.journal.write(INTENT, step.name, step.prepare())
        self.journal.write(DONE, step.name, step.do(self.journal.facts(INTENT, step.name), self._past))

    def _attempt(self, action: Callable[[], None]) -> StepFailed | None:
        """Try what may not be given up lightly several times; return the last failure."""
        failure: StepFailed | None = None
        for attempt in range(self.retries):
            if attempt:
                time.sleep(self.pause_seconds * attempt)
            try:
                action()
            except StepFailed as error:
                failure = error
            except OSError as error:
                failure = StepFailed(f"{type(error).__name__}: {error}")
            else:
                return None
        return failure

    def _stuck(self, step: Step, reason: str, remedy: str, started: float) -> Result:
        """Say that a person is needed; the journal stays open, so that `ostrov update resume` goes on from here."""
        remedy = remedy or "Mend what the message names."
        remedy = f"{remedy} Then type: ostrov update resume"
        result = Result(Outcome.STUCK, step.name, reason, remedy, self.clock() - started)
        self.journal.write(STUCK, step.name, {"reason": reason, "remedy": remedy})
        return result

    def _end(self, outcome: Outcome, step: str, reason: str, remedy: str, started: float) -> Result:
        """Close the journal."""
        result = Result(outcome, step, reason, remedy, self.clock() - started)
        facts = {"outcome": outcome, "step": step, "reason": reason, "seconds": round(result.seconds, 3)}
        self.journal.write(END, step, facts)
        return result
