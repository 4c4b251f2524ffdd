"""What the code or the model found: a value and the place in the transcript that it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue

from appliance.contract.modules import CallCardInput, Language, Proposal, ProposalField, Speaker
from inference.modules.call_card.transcript import Transcript, Turn, widen

MOST_SURE = 0.97


@dataclass(frozen=True)
class Finding:
    """A value for a field; `start:end` are the characters of the transcript to be quoted.

    `signs` say what speaks for the value and what against it, and by how much: their sum is the confidence.
    """

    field: ProposalField
    value: JsonValue
    display: str
    start: int
    end: int
    speaker: Speaker
    signs: Mapping[str, float]
    group: int | None = None
    known_id: str | None = None

    @property
    def confidence(self) -> float:
        """How sure the value is, from 0 to 1."""
        return min(max(sum(self.signs.values()), 0.0), 1.0)


@dataclass(frozen=True)
class Call:
    """One call, ready to be read: its turns, language, moment and the rules of its telephone numbers."""

    request: CallCardInput
    transcript: Transcript
    turns: Sequence[Turn]
    language: Language
    now: datetime
    regions: Sequence[str] = field(default=("RU",))

    def of(self, speaker: Speaker) -> list[Turn]:
        """The turns of one speaker."""
        return [turn for turn in self.turns if turn.speaker == speaker]

    def before(self, turn: Turn) -> Turn | None:
        """The turn before this one."""
        return self.turns[turn.index - 1] if turn.index else None

    def after(self, turn: Turn) -> Turn | None:
        """The turn after this one."""
        return self.turns[turn.index + 1] if turn.index + 1 < len(self.turns) else None


def found(
    turn: Turn,
    span: tuple[int, int],
    name: ProposalField,
    value: JsonValue,
    *,
    display: str = "",
    signs: Mapping[str, float],
    group: int | None = None,
    known_id: str | None = None,
) -> Finding:
    """A finding in a turn, its quote widened to the sentence."""
    start, end = widen(turn, *span)
    shown = display or str(value)
    return Finding(name, value, shown, start, end, turn.speaker, signs, group, known_id)


def proposal(finding: Finding, transcript: Transcript) -> Proposal | None:
    """The proposal of a finding, or None when there are no words to quote."""
    quote = transcript.quote(finding.start, finding.end)
    if not quote.text:
        return None
    return Proposal(
        field=finding.field,
        value=finding.value,
        display=finding.display,
        quote=quote.text,
        segment=quote.segment,
        second=quote.second,
        speaker=finding.speaker,
        confidence=round(finding.confidence, 2),
        group=finding.group,
        known_id=finding.known_id,
        contributions={name: round(weight, 3) for name, weight in finding.signs.items() if round(weight, 3)},
    )


def known_signs(signs: Mapping[str, float], bonus: float, score: float) -> dict[str, float]:
    """The signs of a name that is a record's: it adds a little, less when it was misheard; `score` is 0 to 100."""
    before = sum(signs.values())
    sure = min(MOST_SURE, before + bonus)
    return {**signs, "known_record": sure - before, "misheard": sure * (score / 100 - 1) / 5}
