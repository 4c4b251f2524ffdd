"""People in Latin letters by lists of names: titles, initials, first names with what follows, introductions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from inference.anonymise.name_runs import SPACES, Word, runs
from inference.anonymise.names_en import (
    NO_SURNAMES,
    SURNAME_ENDING,
    first_names,
    folded,
    small_first_names,
    sure_first_names,
    surnames,
)
from inference.anonymise.places import NATIONALITIES, PLACES
from inference.anonymise.segments import Segment
from inference.anonymise.spans import Found
from inference.text.date_words import MONTHS

_TITLE: Final = r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Madam|Mister|Missus)"
WORD = re.compile(
    r"(?<![\w@./-])(?:(?P<title>(?i:mr|mrs|ms|miss|mx|dr|prof|professor|sir|mister|missus|doctor)(?!\w)\.?)|(?P<initial>[A-Z]\.(?!\w\w))"
    r"|(?P<particle>(?:Van der|Van den|Van de|De la|Von der|von der|van der|van den|van de|de la|del|von|van|de|da|di|bin|al|el|le|la|du|dos|ter|ten|Van|De|Von|Al|El|Di|Da|Le|La)(?= [A-Z]))"
    r"|(?P<word>[A-Za-zÀ-žß]+(?:'[A-Za-zÀ-žß]{2,})?(?:-[A-Za-zÀ-žß]{2,})*))(?![\w@])"
)
NAME_SHAPES = re.compile(
    r"Tv+[FfSX]|TI{0,2}[FfSX](?:[FfSXI]|v+[FfSX])?[SX]?|[Ff]I{1,2}v*[FfSX]|Fv+[FfSX]|F[FfSX]{1,2}|fv*[SX][SX]?|XI{1,2}[FfSX]|I{1,2}v*[FfSX][SX]?|[SX]F(?![SX])|[XS]{2}|v+[FSX]|F|f|S"
)
FAMILY_FIRST = re.compile(
    r"(?:(?<![\w,] )|(?<=\bcc )|(?<=\bto )|(?<=\bby )|(?<=\bfor )|(?<=\bfrom )|(?<=\bwith )|(?<=contact ))\b(?P<last>[A-Z][a-zß-ž'-]+), (?P<first>[A-Z][a-zß-ž]+)(?: [A-Z]\.)?(?=[\s,;:)]|$)"
)
GREETING = re.compile(
    r"(?:\b(?:hi|hello|hey|dear|thanks|thank you|regards|cheers|cc|attn|attention|contact|ask for|speak (?:to|with)|spoke (?:to|with)|met with|call|called|email"
    r"|emailed|told|asked|from|with|for|and|by|this is|it's|i'm|i am|name is|name's|here is|manager|director|engineer|buyer|mate|colleague|assistant"
    r"|signed|best|sincerely|yours|wishes|love|to|client|customer|driver|accountant|lawyer)[,:]?\s{1,2})$",
    re.IGNORECASE,
)
SAYING = re.compile(
    r",?\s(?:said|says|called|calls|asked|asks|told|tells|wants?|wanted|needs?|needed|confirmed|confirms|sent|wrote|agreed|promised|will|would|can|mentioned"
    r"|explained|requested|ordered|signed|left|phoned|rang|emailed|replied|is|was|has|had|from|at|prefers|likes|works|lives|paid|complained|'s)\b"
)
TOLD = re.compile(
    r"\s(?:said|called|asked|told|confirmed|wrote|agreed|promised|mentioned|explained|phoned|rang|emailed|replied|complained|wants|asks|says|will|would like|has|is|was)\b"
)
INTRODUCED = re.compile(
    r"(?:\bmy name is|\bmy name's|\bname is|\bname's|\bthis is|\bi'm|\bi am|\bit's|\bspeaking with|\bspeak (?:to|with)|\bask for|\bcalled|\bnamed)\s$",
    re.IGNORECASE,
)
SURE_INTRODUCED = re.compile(
    r"\b(?:(?:my|his|her|the|\w+'s) (?:full |last |first )?name(?: is|'s)|surname is|last name is|first name is|(?:mr|mrs|ms|miss|dr|mister|missus)\.?)\s$",
    re.IGNORECASE,
)
# "this is ravi" with a surname to come, and those who are spoken to: "spoke to bev".
INTRODUCED_FIRST = re.compile(
    r"(?:\bmy name is|\bmy name's|\bname is|\bname's|\bthis is|\bi'm|\bi am|\bit's|\bspeaking (?:to|with))\s(?P<first>[a-z'-]{2,})\s$"
)
SPOKEN_TO = re.compile(
    r"\b(?:spoke|speak|spoken|talk|talked|chatted) (?:to|with)\s$|\bput me through to\s$|\basked? for\s$"
)
# What makes any two capital words a name: "Approved by: …", "Contact: …".
SIGNED_BY = re.compile(
    r"\b(?:(?:approved|signed|prepared|checked|authori[sz]ed|reviewed|witnessed|written|submitted|requested|received|issued|drafted|accepted|inspected|completed)"
    r"(?: off)?(?: for)? by:?|(?:witness|contact(?: person)?|attn\.?|attention|full name|name|signatory|author|applicant|tenant|driver|manager|engineer):)\s$",
    re.IGNORECASE,
)
AFTER_INTRODUCTION = re.compile(
    r"\s(?:from|with|at|of|here|calling|speaking|on behalf|over at|in the)\b", re.IGNORECASE
)
NOT_BEFORE = re.compile(
    r"(?:\b(?:the|a|an|of st|mount|lake|fort|port|new|san|saint|st)\s|(?:\bcompany|\bproduct|\bmodel)\s)$",
    re.IGNORECASE,
)
NOT_AFTER = re.compile(
    r"'?s?\s(?:street|road|avenue|lane|drive|square|park|city|county|airport|university|college|school|hospital|bridge|river|station|st|ltd|llc|inc|corp"
    r"|gmbh|plc|group|company|bank|holdings|partners|systems|solutions|logistics|industries|technologies|foods?|motors|brothers|sons|& )\b",
    re.IGNORECASE,
)
STRONG_GREETING = re.compile(r"\b(?:hi|hello|hey|dear|thanks|thank you|regards|cheers),?\s$", re.IGNORECASE)
GREETED = re.compile(r"\s?(?:[,.!]|\n|$)")
ORDINARY_WORDS: Final = PLACES | NATIONALITIES | MONTHS.keys() | NO_SURNAMES
NEEDS_GREETING: Final = PLACES | NATIONALITIES | MONTHS.keys()
SURELY_RUSSIAN: Final = ("ov", "ova", "ev", "eva", "sky", "skaya", "enko", "ovich", "evich", "ovna", "evna")
NOUN_ENDINGS: Final = ("tion", "ment", "ness", "ing", "ity", "ance", "ence", "ism", "ship", "ure")
BESIDE = re.compile(
    r"(?<![\w.&-])(?P<one>[A-ZÀ-Ž][a-zß-ž'-]+) (?:and|&) (?P<other>[A-ZÀ-Ž][a-zß-ž'-]+)(?! ?[A-Z&])(?=\s[a-z]|[,.!?]|$)"
)
HANDED = re.compile(
    r"(?i:\b(?:assigned|handed(?: over)?|delegated|reassigned|escalated) to|\b(?:reported|signed|approved|prepared|handled|checked) by)\s(?P<name>[A-ZÀ-Ž][a-zß-ž'-]{2,})(?=[,.;]|$|\s(?:on|by|for|at)\b)"
)
LISTED = re.compile(r"(?<=[\w:] )[A-ZÀ-Ž][\w'-]+(?:, [A-ZÀ-Ž][\w'-]+)+,? (?:and|&) [A-ZÀ-Ž][\w'-]+(?! [A-Z])")
COMMA = re.compile(r", [A-ZÀ-Ž]")
CAPITAL = re.compile(r"[A-ZÀ-Ž][\w'-]+")
BESIDE_RANK: Final = 40
OPENING: Final = "\"“«'(-— >*•"
JOINTS: Final = SPACES | {"-"}
RANK: Final = 50


def find(segment: Segment) -> list[Found]:
    """Every person that the lists and the words around give away."""
    found: list[Found] = []
    for run in _runs(segment):
        letters = "".join(word.letter for word in run)
        for match in NAME_SHAPES.finditer(letters):
            first, last = run[match.start()], run[match.end() - 1]
            shape = match.group()
            if shape == "SF" and segment.casing == "lower":
                # Without capitals most words in front of a first name are surnames of somebody: "ask jenny".
                first, shape = last, "F"
            if _stands(segment, shape, first, last):
                start = run[match.start() + 1].start if first.letter == "T" else first.start
                found.append(Found(segment.start + start, segment.start + last.end, "person", RANK))
    if segment.casing == "cased":
        if COMMA.search(segment.text):
            found += _family_first(segment)
            found += _listed(segment)
        if " to " in segment.text or " by " in segment.text:
            found += _handed(segment)
        if " and " in segment.text or " & " in segment.text:
            found += _beside(segment)
    return found


def _family_first(segment: Segment) -> Iterator[Found]:
    """Such as "Miller, Robert J."."""
    for match in FAMILY_FIRST.finditer(segment.text):
        first, last = folded(match["first"]), folded(match["last"])
        opening = not segment.text[: match.start()].strip(OPENING)
        known = last in surnames() or (not opening and last not in PLACES)
        if known and last not in first_names() | NO_SURNAMES and first in sure_first_names():
            yield Found(segment.start + match.start(), segment.start + match.end(), "person", RANK)


def _handed(segment: Segment) -> Iterator[Found]:
    """Who has something to do or has done it: "Assigned to Kwabena, due Friday"."""
    for match in HANDED.finditer(segment.text):
        if folded(match["name"]) not in ORDINARY_WORDS:
            yield Found(segment.start + match.start("name"), segment.start + match.end("name"), "person", BESIDE_RANK)


def _listed(segment: Segment) -> Iterator[Found]:
    """Names in a row, two of which are known: "Lindholm, Abara and O'Connell"."""
    for match in LISTED.finditer(segment.text):
        names = list(CAPITAL.finditer(segment.text, match.start(), match.end()))
        words = [folded(name.group()) for name in names]
        known = [word for word in words if word in first_names() or word in surnames() or word.startswith("o'")]
        if len(known) > 1 and not any(word in ORDINARY_WORDS for word in words):
            yield from (Found(segment.start + n.start(), segment.start + n.end(), "person", RANK - 3) for n in names)


def _beside(segment: Segment) -> Iterator[Found]:
    """A capital word that "and" joins to a first name: "Ngozi and Xiulan will come"."""
    for match in BESIDE.finditer(segment.text):
        one, other = folded(match["one"]), folded(match["other"])
        for known, name, group in ((one, other, "other"), (other, one, "one")):
            if known in sure_first_names() and name not in ORDINARY_WORDS:
                yield Found(segment.start + match.start(group), segment.start + match.end(group), "person", BESIDE_RANK)


def _runs(segment: Segment) -> list[list[Word]]:
    """Words that may be parts of names, in stretches with nothing but a space between."""
    begin = len(segment.text) - len(segment.text.lstrip(OPENING))
    words = (
        Word(match.start(), match.end(), _letter(segment, match, opening=match.start() <= begin))
        for match in WORD.finditer(segment.text)
    )
    return runs(segment.text, words, JOINTS)


def _letter(segment: Segment, match: re.Match[str], *, opening: bool) -> str:
    """T title, I initial, v particle, F sure first name, f possible one, S surname, X other capital word."""
    if match["title"]:
        return "T"
    if match["initial"]:
        return "I"
    if match["particle"]:
        return "v" if segment.text[match.end()] in " -" else ""
    word = match["word"]
    low = folded(word)
    if word[0].isupper() and segment.casing in {"cased", "first"}:
        if word.isupper() and len(word) > 1 and low not in sure_first_names():
            return ""
        return _capital_letter(low, opening=opening)
    return _small_letter(segment, low, match.start())


def _capital_letter(low: str, *, opening: bool) -> str:
    if low in NO_SURNAMES or len(low) < 2:
        return "f" if low in first_names() and (low == "will" or (low in MONTHS and not opening)) else ""
    if low in NEEDS_GREETING:
        return "f" if low in first_names() else "X"
    if low in sure_first_names() or low.split("-", maxsplit=1)[0] in sure_first_names():
        return "F"
    if low in first_names():
        return "f"
    if low in surnames() or _slavic(low) or low.startswith(("o'", "mc", "mac")):
        return "S"
    return "X"


def _slavic(low: str) -> bool:
    """Endings of Russian surnames in Latin letters; the short ones only of longer words."""
    return low.endswith(SURNAME_ENDING[:-2]) and len(low) > 4


def _small_letter(segment: Segment, low: str, start: int) -> str:
    if low in NO_SURNAMES or len(low) < 2:
        return ""
    named = low in first_names()
    before = segment.text[max(0, start - 28) : start]
    end = start + len(low)
    if low in small_first_names() or (named and _spoken_to(segment.text, before, end)):
        return "F"
    if segment.casing == "cased":
        return ""
    introduced = AFTER_INTRODUCTION.match(segment.text, end) is not None
    first = INTRODUCED_FIRST.search(before) if introduced else None
    if SURE_INTRODUCED.search(before) or (first and first["first"] in first_names()):
        return "X"
    if introduced and INTRODUCED.search(before):
        return "S" if named else ""
    return "S" if low in surnames() or (_slavic(low) and low.endswith(SURELY_RUSSIAN)) else ""


def _spoken_to(text: str, before: str, end: int) -> bool:
    """Whether a first name in small letters is greeted, or somebody spoke to its bearer."""
    greeted = STRONG_GREETING.search(before) and GREETED.match(text, end)
    return bool(greeted or SPOKEN_TO.search(before))


def _stands(segment: Segment, shape: str, first: Word, last: Word) -> bool:
    """Whether a shape is a person where it stands."""
    text = segment.text
    if NOT_AFTER.match(text, last.end):
        return False
    cased = segment.casing == "cased" or (segment.casing == "first" and text[first.start].isupper())
    before = text[max(0, first.start - 28) : first.start]
    if shape[0] in "TIv":
        return shape[0] == "T" or (cased and text[first.start].isupper())
    if shape == "F":
        return not NOT_BEFORE.search(before)
    if shape == "f":
        return _doubtful_first(text, first, last, before, cased=cased)
    if shape == "S":
        return _lone_surname(segment, first, last, before, cased=cased)
    return _two_words(text, shape, last, before, cased=cased)


def _doubtful_first(text: str, first: Word, last: Word, before: str, *, cased: bool) -> bool:
    """A first name that is also a word: greeted, saying something, or all there is, as under a letter."""
    if text[first.start : last.end].lower() in NEEDS_GREETING:
        return STRONG_GREETING.search(before) is not None
    opening = not text[: first.start].strip(OPENING)
    signature = opening and not text[last.end :].strip(" ,.!\n")
    says = opening and SAYING.match(text, last.end) is not None
    return cased and (GREETING.search(before) is not None or signature or says)


def _two_words(text: str, shape: str, last: Word, before: str, *, cased: bool) -> bool:
    """Two words or more: sure with a first name, else only in front of what people do."""
    if shape in {"XX", "XS", "SX", "SS"}:
        told = TOLD.match(text, last.end) is not None or SIGNED_BY.search(before) is not None
        return cased and told and not NOT_BEFORE.search(before)
    if shape == "SF":
        return cased
    if shape[0] == "f":
        return cased and text[last.start].isupper() and not text[last.start : last.end].endswith(NOUN_ENDINGS)
    return True


def _lone_surname(segment: Segment, first: Word, last: Word, before: str, *, cased: bool) -> bool:
    """A surname alone: only with words around it that people stand with."""
    text = segment.text
    if not cased:
        return SURE_INTRODUCED.search(before) is not None or (
            INTRODUCED.search(before) is not None and AFTER_INTRODUCTION.match(text, last.end) is not None
        )
    opening = not text[: first.start].strip(OPENING)
    low = text[first.start : last.end].lower()
    if low in surnames() and TOLD.match(text, last.end) and not NOT_BEFORE.search(before):
        return True
    return not opening and _slavic(low) and low.endswith(SURELY_RUSSIAN)
