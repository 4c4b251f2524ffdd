"""Finds e-mail addresses, written or spoken ("anna dot smith at example dot com", "собака", "точка")."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inference.text.letters import DOMAIN_WORDS, latin, spelled
from inference.text.numbers import number_at
from inference.text.tokens import Token, tokenize, vocabulary

WRITTEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
AT = frozenset({"@", "at", "собака", "собачка", "собаку", "собачку", "собакой", "эт", "sobaka"})
DOTS = frozenset({".", "точка", "dot", "точку", "дот", "tochka", "period"})
DASHES = frozenset({"-", "дефис", "тире", "минус", "dash", "hyphen", "черточка"})
UNDERSCORES = frozenset({"_", "underscore", "подчеркивание"})
LOW = frozenset({"нижнее", "нижний", "знак"})
SPOKEN = frozenset(word for word in AT | DOTS | DASHES | UNDERSCORES if word[0].isalpha()) - {"period", "минус"}
TLDS = vocabulary(
    "com ru org net io co uk de fr eu info biz su by kz ua us me pro tech online shop store app dev ai "
    "edu gov рф es it nl pl cn in ca au ch at be se no fi cz tr ae"
)
SECOND_LEVEL = frozenset({"co", "com", "org"})
NOT_LOCAL = vocabulary(
    "look looking me us is it find site website page here available work meet arrive email mail address "
    "почта адрес the a my our your see stay everyone them him her you be at was are start нас сайт на "
    "это"
)
SHORT_WORDS = vocabulary("a i и я в с о у к")
MAX_LABEL_WORDS = 2


@dataclass(frozen=True, slots=True)
class Email:
    """An address in lower case and its place; `exact` when no letter had to be guessed."""

    address: str
    start: int
    end: int
    exact: bool


@dataclass(frozen=True, slots=True)
class _Atom:
    """A piece of an address and the tokens `first:last` that it came from."""

    text: str
    first: int
    last: int
    exact: bool = True


def find_emails(text: str) -> list[Email]:
    """Every e-mail address of a text, in order."""
    found = [Email(m.group().rstrip(".").lower(), m.start(), m.end(), exact=True) for m in WRITTEN.finditer(text)]
    tokens = _without_pauses(tokenize(text))
    for index, token in enumerate(tokens):
        if token.norm not in AT or any(e.start <= token.start < e.end for e in found):
            continue
        email = _spoken(tokens, index)
        if email is not None:
            found.append(email)
    return sorted(found, key=lambda email: email.start)


def _without_pauses(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without the commas that recognition puts around a spoken sign: "ivanov, собака, яндекс, точка, ру"."""
    return [
        token
        for index, token in enumerate(tokens)
        if token.text != ","
        or not any(near.norm in SPOKEN for near in (*tokens[index - 1 : index], *tokens[index + 1 : index + 2]))
    ]


def _spoken(tokens: Sequence[Token], at: int) -> Email | None:
    """The address around a spoken "at"."""
    after = at + 1 < len(tokens) and tokens[at + 1].text == "."
    domain = _domain(tokens, at + 2 if after else at + 1)
    local = _local(tokens, at)
    if domain is None or local is None:
        return None
    address = f"{local.text}@{domain.text}".lower()
    if not WRITTEN.fullmatch(address) and not address.endswith(".рф"):
        return None
    start, end = tokens[local.first].start, tokens[domain.last - 1].end
    return Email(address, start, end, exact=local.exact and domain.exact)


def _separator(tokens: Sequence[Token], index: int) -> str:
    """What a token separates with, or an empty string; a full stop counts only between letters."""
    token = tokens[index]
    if token.text == ".":
        follows = index + 1 < len(tokens) and tokens[index + 1].start == token.end
        return "." if follows else ""
    if token.norm in DOTS:
        return "."
    if token.norm in UNDERSCORES:
        return "_"
    return "-" if token.norm in DASHES else ""


def _initial(token: Token) -> bool:
    """A spelled letter that is no Russian or English word of one letter."""
    return _is_letter(token) and token.norm not in SHORT_WORDS


def _is_letter(token: Token) -> bool:
    return spelled(token.norm) is not None


def _atom_text(token: Token) -> tuple[str, bool]:
    """The address letters of one token, and whether they are sure."""
    if token.is_number:
        return token.text, True
    if token.norm in DOMAIN_WORDS:
        return DOMAIN_WORDS[token.norm], True
    letter = spelled(token.norm)
    if letter is not None:
        return letter, token.norm.isascii()
    return (token.norm, True) if token.norm.isascii() else (latin(token.norm), False)


def _domain(tokens: Sequence[Token], index: int) -> _Atom | None:
    """Labels up to a top-level domain."""
    label, text, exact, words, place = "", "", True, 0, index
    while place < len(tokens):
        separator = _separator(tokens, place)
        if separator == "." and label:
            text, label, words = f"{text}{label}.", "", 0
        elif separator == "-" and label:
            spelling = _is_letter(tokens[place - 1])
            label += "" if spelling else "-"
            words = 0
        elif tokens[place].is_word or tokens[place].is_number:
            piece, sure = _atom_text(tokens[place])
            if text and piece in TLDS and not label:
                return _ended(tokens, place, text + piece, index, exact=exact)
            words += not _is_letter(tokens[place])
            if words > MAX_LABEL_WORDS:
                return None
            label, exact = label + piece, exact and sure
        else:
            return None
        place += 1
    return None


def _ended(tokens: Sequence[Token], place: int, text: str, first: int, *, exact: bool) -> _Atom:
    """A domain that may go on by one more label, as in "co dot uk"."""
    last = place + 1
    if text.rsplit(".", 1)[-1] in SECOND_LEVEL and last + 1 < len(tokens) and _separator(tokens, last) == ".":
        more = _atom_text(tokens[last + 1])[0]
        if more in TLDS:
            return _Atom(f"{text}.{more}", first, last + 2, exact)
    return _Atom(text, first, last, exact)


def _local(tokens: Sequence[Token], at: int) -> _Atom | None:
    """What stands before the "at": words joined by separators, spelled letters, numbers."""
    pieces: list[str] = []
    exact, place, joined = True, at - 1, True
    while place >= 0:
        token = tokens[place]
        separator = _separator(tokens, place)
        if separator and place > 0:
            spelling = separator == "-" and token.text == "-" and _is_letter(tokens[place - 1])
            pieces.append("" if spelling else separator)
            joined = True
            place -= 2 if tokens[place - 1].norm in LOW else 1
            continue
        number = _number_before(tokens, place)
        if number is not None:
            pieces.append(number.text)
            place, joined = number.first - 1, True
            continue
        glued = joined or _initial(token)
        if not token.is_word or not glued or (token.norm in NOT_LOCAL and not _is_letter(token)):
            break
        piece, sure = _atom_text(token)
        pieces.append(piece)
        exact, joined = exact and sure, False
        place -= 1
    text = "".join(reversed(pieces)).strip(".-_")
    return _Atom(text, place + 1, at, exact) if text else None


def _number_before(tokens: Sequence[Token], place: int) -> _Atom | None:
    """The number that ends at a token, in digits or words."""
    if tokens[place].is_number and tokens[place].text.isdigit():
        return _Atom(tokens[place].text, place, place + 1)
    for first in range(max(0, place - 2), place + 1):
        number = number_at(tokens, first)
        if number is not None and number.last == place + 1 and not number.ordinal:
            return _Atom(f"{number.value:.0f}", first, place + 1)
    return None
