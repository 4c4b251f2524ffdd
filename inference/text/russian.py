"""Russian morphology and names: natasha and its dictionary, loaded once, on first use."""

import warnings
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

with warnings.catch_warnings():
    # pymorphy2 asks setuptools for its dictionaries in a way that setuptools warns about.
    warnings.simplefilter("ignore")
    from natasha import Doc, MorphVocab, NewsEmbedding, NewsNERTagger, Segmenter
    from pymorphy2 import MorphAnalyzer

NAME_TAGS = frozenset({"Name", "Surn", "Patr"})


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a text: `kind` is PER, ORG or LOC, `normal` its nominative."""

    kind: str
    text: str
    normal: str
    start: int
    end: int


@cache
def _analyzer() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MorphAnalyzer()


@cache
def _parts() -> tuple[Any, Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Segmenter(), MorphVocab(), NewsNERTagger(NewsEmbedding())


def warm() -> None:
    """Load the models now, so that the first call does not wait for them."""
    _parts()
    _analyzer()


@lru_cache(maxsize=4096)
def parses(word: str) -> tuple[Any, ...]:
    """The dictionary's readings of a word, the likeliest first."""
    return tuple(_analyzer().parse(word))


@lru_cache(maxsize=4096)
def lemma(word: str) -> str:
    """The dictionary form of a word; words in other scripts stay as they are."""
    if not word or not "а" <= word[0].lower() <= "я":
        return word.lower()
    return str(parses(word)[0].normal_form).replace("ё", "е")


@lru_cache(maxsize=4096)
def part_of_speech(word: str) -> str:
    """NOUN, ADJF, VERB and so on by the likeliest reading, an empty string for other scripts."""
    return str(parses(word)[0].tag.POS or "") if word and "а" <= word[0].lower() <= "я" else ""


@lru_cache(maxsize=4096)
def name_tags(word: str) -> frozenset[str]:
    """Which of Name, Surn, Patr a word can be."""
    found = {tag for reading in parses(word) for tag in NAME_TAGS if tag in reading.tag}
    return frozenset(found)


@lru_cache(maxsize=4096)
def is_known(word: str) -> bool:
    """Whether the dictionary has the word, rather than guesses at it."""
    return bool(_analyzer().word_is_known(word))


@lru_cache(maxsize=4096)
def is_place(word: str) -> bool:
    """Whether the dictionary knows the word as a place."""
    return any("Geox" in reading.tag for reading in parses(word)[:2])


@lru_cache(maxsize=4096)
def nominative(word: str) -> str:
    """The nominative of a noun in its own number, with its capital letter kept."""
    nouns = [reading for reading in parses(word) if reading.tag.POS == "NOUN"]
    if not nouns:
        return word
    form = nouns[0].inflect({"nomn", str(nouns[0].tag.number or "sing")})
    text = str(form.word) if form else word
    return text[:1].upper() + text[1:] if word[:1].isupper() else text


@lru_cache(maxsize=2048)
def thing(words: str) -> str:
    """A noun phrase in the nominative: "силового кабеля" is "силовой кабель"; what follows the noun stays."""
    parts = words.split()
    position = next((i for i, word in enumerate(parts) if part_of_speech(word.lower()) == "NOUN"), None)
    if position is None or any(part_of_speech(word.lower()) not in {"ADJF", "PRTF"} for word in parts[:position]):
        return words
    noun = next(reading for reading in parses(parts[position].lower()) if reading.tag.POS == "NOUN")
    number = str(noun.tag.number or "sing")
    form = noun.inflect({"nomn", number})
    grammemes = {"nomn", number} | ({str(noun.tag.gender)} if number == "sing" and noun.tag.gender else set())
    heads = [_agreed(word, grammemes) for word in parts[:position]]
    return " ".join([*heads, str(form.word) if form else parts[position], *parts[position + 1 :]])


def _agreed(word: str, grammemes: set[str]) -> str:
    """An adjective in the form of its noun."""
    for reading in parses(word.lower()):
        if reading.tag.POS in {"ADJF", "PRTF"}:
            form = reading.inflect(grammemes)
            return str(form.word) if form else word
    return word


@lru_cache(maxsize=4096)
def infinitive(word: str) -> str | None:
    """The infinitive of a verb that is said in the first person of the future, else None."""
    for reading in parses(word):
        tag = reading.tag
        if tag.POS == "VERB" and tag.person in {"1per", None} and tag.tense in {"futr", "pres"}:
            return str(reading.normal_form) if tag.person == "1per" else None
    return None


@lru_cache(maxsize=4096)
def future(word: str, person: str = "1per") -> str | None:
    """The infinitive of a verb whose likeliest reading is that person of the future, else None."""
    reading = parses(word)[0]
    tag = reading.tag
    told = tag.POS == "VERB" and tag.person == person and tag.tense == "futr"
    return str(reading.normal_form).replace("ё", "е") if told else None


def names_in(text: str) -> tuple[Named, ...]:
    """Names that natasha finds in a text. Nothing of the text is kept: only single words are remembered here."""
    segmenter, vocabulary, tagger = _parts()
    doc = Doc(text)
    doc.segment(segmenter)
    doc.tag_ner(tagger)
    found: list[Named] = []
    for span in doc.spans:
        span.normalize(vocabulary)
        found.append(Named(span.type, span.text, span.normal or span.text, span.start, span.stop))
    return tuple(found)


def full_name(words: str) -> str:
    """A person's name in the nominative; words that natasha takes for no name stay as they are."""
    for span in names_in(words):
        if span.kind == "PER" and span.start == 0 and span.end == len(words):
            return span.normal
    return words
