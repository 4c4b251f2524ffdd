"""Compares names as they were heard with names as they are written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from inference.text.letters import latin
from inference.text.russian import lemma
from inference.text.tokens import Token, normal, tokenize

LEGAL = re.compile(
    r"\b(?:ооо|зао|оао|пао|ао|ип|тоо|нпо|ltd|llc|inc|gmbh|plc|limited|corp|corporation|company|co|компани[яию]|"
    r"фирм[аы])\b"
)
SOUNDS = (
    ("sch", "sh"), ("ph", "f"), ("th", "s"), ("ck", "k"), ("qu", "kv"), ("c", "k"), ("w", "v"), ("x", "ks"),
    ("y", "i"), ("dzh", "j"), ("h", ""), ("z", "s"), ("ee", "i"), ("oo", "u"), ("e", "i"),
)  # fmt: skip
# Vowels that sound alike outside the stress.
REDUCED = str.maketrans({"о": "а", "е": "и", "э": "и", "ы": "и", "я": "и", "ь": None, "ъ": None})
REDUCED_SHARE = 0.97
SHORT, LONG = 4, 8
SURE = 100.0


@dataclass(frozen=True, slots=True)
class Match:
    """A known name and how near it is, from 0 to 100."""

    index: int
    score: float


@dataclass(frozen=True, slots=True)
class Mention:
    """A known name found in a text: tokens `first:last`."""

    index: int
    first: int
    last: int
    score: float


def fold(text: str) -> str:
    """The letters of a name without its legal form, quotes, endings and spaces."""
    bare = LEGAL.sub(" ", normal(text))
    return "".join(lemma(token.norm) for token in tokenize(bare) if token.text[0].isalnum())


def sounds(text: str) -> str:
    """A rough key of how a name sounds, the same for both scripts."""
    key = latin(normal(text))
    for written, heard in SOUNDS:
        key = key.replace(written, heard)
    return re.sub(r"(.)\1+", r"\1", re.sub(r"[^a-z0-9]", "", key))


def likeness(left: str, right: str) -> float:
    """How alike two names are, 0 to 100: by their letters, or, a little less, by their sound."""
    first, second = fold(left), fold(right)
    if not first or not second:
        return 0.0
    if first == second:
        return SURE
    by_letters = fuzz.ratio(first, second)
    by_sound = 0.95 * fuzz.ratio(sounds(first), sounds(second))
    return float(max(by_letters, by_sound))


def heard_likeness(left: str, right: str) -> float:
    """The same for a name that was heard: Russian vowels outside the stress may be any of their kind."""
    by_vowels = REDUCED_SHARE * fuzz.ratio(fold(left).translate(REDUCED), fold(right).translate(REDUCED))
    return max(likeness(left, right), float(by_vowels))


def threshold(name: str) -> float:
    """The likeness from which a name of this length counts as heard."""
    length = len(fold(name))
    if length <= SHORT:
        return 99.0
    return 82.0 if length >= LONG else 88.0


def best_match(heard: str, names: Sequence[str]) -> Match | None:
    """The known name that was most likely heard."""
    best: Match | None = None
    for index, name in enumerate(names):
        score = heard_likeness(heard, name)
        if score >= threshold(name) and (best is None or score > best.score):
            best = Match(index, score)
    return best


def person_match(heard: str, names: Sequence[str]) -> Match | None:
    """A known person: the whole name in any order; a first name alone is not enough."""
    best: Match | None = None
    words = len(heard.split())
    for index, name in enumerate(names):
        if words < 2 <= len(name.split()):
            continue
        score = max(heard_likeness(heard, name), fuzz.token_sort_ratio(normal(heard), normal(name)))
        if score >= 85 and (best is None or score > best.score):
            best = Match(index, score)
    return best


def mentions(tokens: Sequence[Token], names: Sequence[str]) -> list[Mention]:
    """Known names in a text, in any case and slightly misheard; the best of overlapping ones."""
    keys = [fold(name) for name in names]
    usable = [index for index, key in enumerate(keys) if len(key) > 1]
    if not usable:
        return []
    lengths = {max(1, len(tokenize(names[index]))) for index in usable}
    sizes = sorted({size + extra for size in lengths for extra in (-1, 0, 1, 2) if size + extra > 0})
    windows = _windows(tokens, sizes)
    if not windows:
        return []
    scores = process.cdist(
        [text for _, _, text in windows], [keys[index] for index in usable], scorer=fuzz.ratio, score_cutoff=82
    )
    found = [
        Mention(usable[column], windows[row][0], windows[row][1], float(scores[row, column]))
        for row, column in zip(*scores.nonzero(), strict=True)
        if scores[row, column] >= threshold(names[usable[column]])
    ]
    return _apart(found)


def _windows(tokens: Sequence[Token], sizes: Sequence[int]) -> list[tuple[int, int, str]]:
    """Every run of so many tokens that begins and ends with a word, folded."""
    folded = [lemma(token.norm) if token.text[0].isalnum() else "" for token in tokens]
    return [
        (first, first + size, "".join(folded[first : first + size]))
        for size in sizes
        for first in range(len(tokens) - size + 1)
        if folded[first] and folded[first + size - 1]
    ]


def _apart(found: Sequence[Mention]) -> list[Mention]:
    """The best mentions that do not overlap, in the order of the text."""
    kept: list[Mention] = []
    for mention in sorted(found, key=lambda m: (-m.score, m.first - m.last)):
        if all(mention.last <= other.first or mention.first >= other.last for other in kept):
            kept.append(mention)
    return sorted(kept, key=lambda m: m.first)
