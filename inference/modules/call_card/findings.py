"""What the code or the model found: a value and the place in the transcript that it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue

from appliance.contract.modules import CallCardInput, Language, Proposal, ProposalField, Speaker
from inference.modules.call_card.transcript import Transcript, Turn, widen


@dataclass(frozen=True)
class Finding:
    """A value for a field; `start:end` are the characters of the transcript to be quoted."""

    field: ProposalField
    value: JsonValue
    display: str
    start: int
    end: int
    speaker: Speaker
    confidence: float
    group: int | None = None
    known_id: str | None = None


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
    confidence: float = 0.8,
    group: int | None = None,
    known_id: str | None = None,
) -> Finding:
    """A finding in a turn, its quote widened to the sentence."""
    start, end = widen(turn, *span)
    shown = display or str(value)
    return Finding(name, value, shown, start, end, turn.speaker, confidence, group, known_id)


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
        confidence=round(min(max(finding.confidence, 0.0), 1.0), 2),
        group=finding.group,
        known_id=finding.known_id,
    )
