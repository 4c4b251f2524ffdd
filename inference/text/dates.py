"""Finds dates in speech and resolves them against the moment of the call."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from inference.text.date_words import PARTS_OF_DAY
from inference.text.days import Day, day_at
from inference.text.heard import mended
from inference.text.times import Clock, clock_at
from inference.text.tokens import Token, tokenize, vocabulary

BETWEEN = PARTS_OF_DAY | vocabulary(
    "в во к ко на до после около примерно часов at by around about on in the before after часиков , -"
)
MAX_BETWEEN = 3


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, or a day and time, in the call's zone; `vague` when only a week or month was named."""

    day: date
    at: datetime | None
    start: int
    end: int
    vague: bool = False

    @property
    def iso(self) -> str:
        """The ISO form: a date, or a date and time with its offset."""
        return self.at.isoformat() if self.at is not None else self.day.isoformat()


def find_dates(text: str, now: datetime) -> list[Moment]:
    """Every date or time of a text, in order; `now` carries the zone of the call."""
    tokens = mended(tokenize(text))
    return [_moment(tokens, day, clock, now) for day, clock in _pairs(_pieces(tokens, now), tokens)]


def _pieces(tokens: Sequence[Token], now: datetime) -> list[Day | Clock]:
    """Days and times in the order of the text, none overlapping."""
    found: list[Day | Clock] = []
    index = 0
    while index < len(tokens):
        piece: Day | Clock | None = day_at(tokens, index, now) or clock_at(tokens, index)
        if piece is None:
            index += 1
        else:
            found.append(piece)
            index = max(piece.last, index + 1)
    return found


def _pairs(pieces: Sequence[Day | Clock], tokens: Sequence[Token]) -> Iterator[tuple[Day | None, Clock | None]]:
    """Each day with the time that stands beside it."""
    index = 0
    while index < len(pieces):
        piece = pieces[index]
        after = pieces[index + 1] if index + 1 < len(pieces) else None
        if after is not None and type(after) is not type(piece) and _beside(piece, after, tokens):
            index += 1
            yield (piece, after) if isinstance(piece, Day) else (after, piece)  # type: ignore[misc]
        elif isinstance(piece, Day):
            yield piece, None
        else:
            yield None, piece
        index += 1
        if index < len(pieces) and _ends_range(pieces[index - 1], pieces[index], tokens):
            index += 1


def _beside(left: Day | Clock, right: Day | Clock, tokens: Sequence[Token]) -> bool:
    gap = tokens[left.last : right.first]
    timed = (isinstance(left, Day) and left.at is not None) or (isinstance(right, Day) and right.at is not None)
    return not timed and len(gap) <= MAX_BETWEEN and all(token.norm in BETWEEN for token in gap)


def _ends_range(left: Day | Clock, right: Day | Clock, tokens: Sequence[Token]) -> bool:
    """Whether a time only closes a range, as "until eleven" in "from nine until eleven"."""
    gap = [token.norm for token in tokens[left.last : right.first]]
    lead = tokens[right.first].norm
    closes = lead in {"до", "to", "till", "until"} or gap in (["and"], ["to"], ["и"], ["-"])
    return isinstance(left, Clock) and isinstance(right, Clock) and closes and len(gap) <= 1


def _moment(tokens: Sequence[Token], day: Day | None, clock: Clock | None, now: datetime) -> Moment:
    first = min(piece.first for piece in (day, clock) if piece is not None)
    last = max(piece.last for piece in (day, clock) if piece is not None)
    start, end = tokens[first].start, tokens[last - 1].end
    if day is not None and day.at is not None:
        return Moment(day.at.date(), day.at, start, end)
    if clock is None:
        return Moment(day.day if day else now.date(), None, start, end, vague=day.vague if day else False)
    when = day.day if day is not None else now.date()
    at = datetime.combine(when, clock.at, now.tzinfo)
    if day is None and at <= now:
        at += timedelta(days=1)
    return Moment(at.date(), at, start, end)
