"""The transcript as one text: sentences, turns, and the way back to a quote and its second."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from appliance.contract.modules import Segment, Speaker
from inference.modules.call_card.casing import with_capitals
from inference.text.instructions import is_instruction
from inference.text.tokens import normal, vocabulary, words_of

SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")
QUOTE_LIMIT = 240
CONTEXT = 80
BACKCHANNEL = vocabulary(
    "угу ага да так хорошо записываю понял поняла понятно слушаю ок окей yes yeah ok okay right sure mhm "
    "uh huh got it go on ahead mm hmm i see нет alright great"
)
BACKCHANNEL_WORDS = 3
RUN_ON_WORDS = 14
CLAUSE_END = re.compile(r"(?<=[,;])\s+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Characters `start:end` of the whole transcript, said in one segment by one speaker."""

    text: str
    start: int
    end: int
    segment: int
    speaker: Speaker
    instruction: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of the transcript, verbatim, and where they begin."""

    text: str
    segment: int
    second: float


@dataclass(frozen=True)
class Turn:
    """What one speaker says without being interrupted by more than a "yes"."""

    index: int
    speaker: Speaker
    sentences: tuple[Sentence, ...]
    text: str = field(init=False)

    def __post_init__(self) -> None:
        """Join the sentences by single spaces."""
        object.__setattr__(self, "text", " ".join(sentence.text for sentence in self.sentences))

    def place(self, offset: int) -> int:
        """The place in the transcript of a character of this turn."""
        for sentence in self.sentences:
            if offset <= len(sentence.text):
                return sentence.start + offset
            offset -= len(sentence.text) + 1
        return self.sentences[-1].end


class Transcript:
    """All segments joined by single spaces, so that a quote is a slice of that text."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = list(segments)
        self.starts: list[int] = []
        texts: list[str] = []
        place = 0
        for segment in self.segments:
            text = segment.text.strip()
            self.starts.append(place)
            texts.append(text)
            place += len(text) + 1
        self.texts = texts
        self.text = " ".join(texts)

    def segment_at(self, place: int) -> int:
        """The position of the segment that holds a character."""
        found = 0
        for position, start in enumerate(self.starts):
            if start > place:
                break
            if self.texts[position]:
                found = position
        return found

    def second_at(self, place: int) -> float:
        """When a character is said: by its word's time, else in proportion to the segment."""
        position = self.segment_at(place)
        segment, text = self.segments[position], self.texts[position]
        offset, cursor = place - self.starts[position], 0
        for word in segment.words:
            bare = word.word.strip()
            found = text.find(bare, cursor)
            if found < 0:
                continue
            cursor = found + len(bare)
            if cursor > offset:
                return round(word.start, 2)
        share = offset / len(text) if text and not segment.words else 0.0
        return round(segment.start + share * (segment.end - segment.start), 2)

    def quote(self, start: int, end: int) -> Quote:
        """The words `start:end` and nothing else."""
        while start < end and self.text[start].isspace():
            start += 1
        text = self.text[start:end].rstrip()
        segment = self.segments[self.segment_at(start)]
        return Quote(text, segment.index, self.second_at(start))

    def find(self, words: str) -> tuple[int, int] | None:
        """Where words stand in the transcript, whatever their case, signs and spaces."""
        wanted = words_of(words)
        if not wanted:
            return None
        pattern = r"[^\w]+".join(re.escape(word) for word in wanted)
        match = re.search(rf"(?<!\w){pattern}(?!\w)", normal(self.text))
        return (match.start(), match.end()) if match else None


def split_sentences(transcript: Transcript, known: Sequence[str] = ()) -> list[Sentence]:
    """Sentences in order, their speakers still as the segments say; names get their capitals back."""
    sentences: list[Sentence] = []
    for position, text in enumerate(transcript.texts):
        place, base = 0, transcript.starts[position]
        speaker = transcript.segments[position].speaker
        for part in [*SENTENCE_END.split(text)]:
            begin = text.index(part, place) if part else place
            place = begin + len(part)
            if part:
                sentence = Sentence(
                    with_capitals(part, known), base + begin, base + place, position, speaker, is_instruction(part)
                )
                sentences.append(sentence)
    return sentences


def split_clauses(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences, long ones cut at their commas: in one channel recognition runs two speakers into one sentence."""
    clauses: list[Sentence] = []
    for sentence in sentences:
        parts = CLAUSE_END.split(sentence.text) if len(words_of(sentence.text)) > RUN_ON_WORDS else [sentence.text]
        place = 0
        for part in parts:
            begin = sentence.text.index(part, place)
            place = begin + len(part)
            start, end = sentence.start + begin, sentence.start + place
            clauses.append(replace(sentence, text=part, start=start, end=end))
    return clauses


def rejoined(clauses: Sequence[Sentence]) -> list[Sentence]:
    """The clauses that one speaker said in one sentence, put together again."""
    sentences: list[Sentence] = []
    for clause in clauses:
        last = sentences[-1] if sentences else None
        goes_on = last is not None and last.text[-1:] in {",", ";"} and last.segment == clause.segment
        if last is not None and goes_on and last.speaker == clause.speaker and clause.start - last.end == 1:
            sentences[-1] = replace(last, text=f"{last.text} {clause.text}", end=clause.end)
        else:
            sentences.append(clause)
    return sentences


def is_backchannel(text: str) -> bool:
    """A short "yes", "okay", "угу" that does not take the turn."""
    words = words_of(text)
    return len(words) <= BACKCHANNEL_WORDS and all(word in BACKCHANNEL for word in words)


def build_turns(sentences: Sequence[Sentence]) -> list[Turn]:
    """Sentences of one speaker in a row; a backchannel of the other does not break them."""
    turns: list[list[Sentence]] = []
    last_of: dict[Speaker, int] = {}
    for position, sentence in enumerate(sentences):
        at = last_of.get(sentence.speaker)
        since = turns[at + 1 :] if at is not None else turns
        quiet = all(is_backchannel(other.text) for turn in since for other in turn)
        if at is not None and quiet and position:
            turns[at].append(sentence)
        else:
            turns.append([sentence])
            last_of[sentence.speaker] = len(turns) - 1
    return [Turn(index, turn[0].speaker, tuple(turn)) for index, turn in enumerate(turns)]


def widen(turn: Turn, start: int, end: int) -> tuple[int, int]:
    """The sentence around characters of a turn, or their neighbourhood when it is too long."""
    first, last = turn.place(start), turn.place(end)
    begins = [s.start for s in turn.sentences if s.start <= first < s.end] or [first]
    ends = [s.end for s in turn.sentences if s.start < last <= s.end] or [last]
    if ends[-1] - begins[0] <= QUOTE_LIMIT:
        return begins[0], ends[-1]
    left = turn.text.rfind(" ", 0, max(start - CONTEXT, 0)) + 1 if start > CONTEXT else 0
    right = turn.text.find(" ", min(end + CONTEXT, len(turn.text)))
    right = len(turn.text) if right < 0 else right
    return max(begins[0], turn.place(left)), min(ends[-1], turn.place(right))
