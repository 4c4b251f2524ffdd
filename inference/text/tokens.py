"""Words, numbers and signs of a text with their places in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

TOKEN = re.compile(r"[0-9]+(?:[.,:][0-9]+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\w\s]|_")
LETTERS = str.maketrans({"ё": "е", "’": "'"})


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a written number or one sign; `norm` is lower case with ё as е."""

    text: str
    norm: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        """Letters, not digits or a sign."""
        return self.text[0].isalpha()

    @property
    def is_number(self) -> bool:
        """Written in digits."""
        return "0" <= self.text[0] <= "9"


def normal(text: str) -> str:
    """The form in which words are compared: lower case, ё as е, a straight apostrophe."""
    lower = text.lower()
    if len(lower) != len(text):  # a few letters grow when they get small, and places must stay
        lower = "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)
    return lower.translate(LETTERS)


def tokenize(text: str) -> list[Token]:
    """Split a text; spaces are dropped, places are kept."""
    return [Token(m.group(), normal(m.group()), m.start(), m.end()) for m in TOKEN.finditer(text)]


def words_of(text: str) -> list[str]:
    """The compared form of every word and number, without signs."""
    return [token.norm for token in tokenize(text) if token.text[0].isalnum()]


def is_russian(text: str) -> bool:
    """Whether most letters are Cyrillic."""
    cyrillic = sum("а" <= letter <= "я" or letter == "ё" for letter in text.lower())
    latin = sum("a" <= letter <= "z" for letter in text.lower())
    return cyrillic > latin


def phrase_at(tokens: Sequence[Token], index: int, phrase: Sequence[str]) -> bool:
    """Whether the compared words of `phrase` stand at `index`."""
    if index + len(phrase) > len(tokens):
        return False
    return all(tokens[index + i].norm == word for i, word in enumerate(phrase))


def vocabulary(words: str) -> frozenset[str]:
    """A set of words, written as one text."""
    return frozenset(words.split())
