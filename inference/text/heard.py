"""Words of time as speech recognition writes them, put right: "вследующий", "четвер", "третья его декабря"."""

from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz.distance import Levenshtein

from inference.text.date_words import DAYS_AHEAD, MONTHS, NEXT, THIS, WEEKDAYS
from inference.text.number_words import ORDINALS
from inference.text.russian import is_known
from inference.text.tokens import Token

PREPOSITIONS = ("во", "до", "ко", "на", "по", "в", "к", "с")
GLUED = WEEKDAYS.keys() | NEXT | THIS | DAYS_AHEAD.keys()
NAMED = WEEKDAYS.keys() | MONTHS.keys()
ENDINGS = ("его", "ого")
LEAST_LETTERS = 5  # shorter words have too many neighbours
GENITIVES = {value: word for word, value in ORDINALS.items() if word.endswith(ENDINGS)}


def mended(tokens: Sequence[Token]) -> list[Token]:
    """The tokens with glued prepositions cut off, torn ordinals joined and misheard days and months named."""
    out: list[Token] = []
    for token in tokens:
        out += _cut(token)
    return [_named(token) for token in _joined(out)]


def _unknown(token: Token) -> bool:
    return token.is_word and "а" <= token.norm[0] <= "я" and not is_known(token.norm)


def _cut(token: Token) -> list[Token]:
    """Such as "вследующий": the preposition and the word."""
    if not _unknown(token):
        return [token]
    for lead in PREPOSITIONS:
        rest = token.norm.removeprefix(lead)
        if rest != token.norm and rest in GLUED:
            place, letters = token.start + len(lead), len(lead)
            head = Token(token.text[:letters], lead, token.start, place)
            return [head, Token(token.text[letters:], rest, place, token.end)]
    return [token]


def _joined(tokens: Sequence[Token]) -> list[Token]:
    """Such as "третья его декабря": the ordinal in the genitive before a month."""
    out: list[Token] = []
    for index, token in enumerate(tokens):
        after = tokens[index + 1].norm if index + 1 < len(tokens) else ""
        torn = token.norm in ENDINGS and bool(out) and out[-1].norm in ORDINALS and after in MONTHS
        if torn:
            whole = GENITIVES[ORDINALS[out[-1].norm]]
            out[-1] = Token(f"{out[-1].text} {token.text}", whole, out[-1].start, token.end)
        else:
            out.append(token)
    return out


def _named(token: Token) -> Token:
    """The day or month that an unknown word is one letter away from."""
    if not _unknown(token) or len(token.norm) < LEAST_LETTERS:
        return token
    near = [word for word in NAMED if Levenshtein.distance(token.norm, word, score_cutoff=1) <= 1]
    return replace(token, norm=min(near)) if near else token
