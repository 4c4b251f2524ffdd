"""Postal addresses as English writes and says them, and the German kind of street."""

from __future__ import annotations

import re
from typing import Final

from inference.anonymise.spans import Found
from inference.anonymise.word_pattern import one_of, small, windows
from inference.text.number_words import CARDINALS

_SAID: Final = one_of(
    w for w, (kind, _) in CARDINALS.items() if kind in {"unit", "teen", "ten", "times"} and w.isascii()
)
_SURE_TYPE: Final = (
    r"(?:street|st|avenue|ave|road|rd|lane|ln|drive|boulevard|blvd|parkway|pkwy|highway|hwy|crescent|terrace|mews|court|square|prospekt"
    r"|prospect|ulitsa)"
)
_TYPE: Final = (
    rf"(?:{_SURE_TYPE}|dr|way|ct|place|pl|sq|close|cres|gardens?|gdns|grove|hill|row|walk|quay|circle|cir|broadway|embankment|turnpike"
    r"|trail|loop|alley|wharf|rise|view|green|park|yard|parade|plaza|point|crossing|heights|ridge)"
)
_DIRECTION: Final = r"(?:NE|NW|SE|SW|North|South|East|West|N|S|E|W)"
_WORD: Final = r"(?:(?-i:St\.|Dr\.|[A-Z][\w'-]*|\d{1,3}(?:st|nd|rd|th)))"
_NUMBER: Final = r"(?:\d{1,5}[a-z]?(?:[-/]\d{1,4}[a-z]?)?)"
_UNIT: Final = (
    r"(?:(?:flat|apt\.?|apartment|unit|suite|ste\.?|room|rm\.?|office|studio|floor|level|block|plot|lot|shop|stand|bay|hangar|warehouse|villa|house|building|bldg\.?)\s?#?\s?[\w-]{1,6}|#\s?\d{1,5}[a-z]?"
    r"|\d{1,3}(?:st|nd|rd|th)\sfloor)"
)
_ZIP: Final = r"(?:\d{5}(?:-\d{4})?(?!\d))"
_POSTCODE: Final = r"(?:(?-i:[A-Z]{1,2}\d[A-Z\d]?)\s?(?-i:\d[A-Z]{2}|\d[A-Z]\d)(?!\w))"
_AUSTRALIAN: Final = r"(?:(?<=\s(?-i:NSW|VIC|QLD|TAS|ACT))|(?<=\s(?-i:WA|SA|NT)))\s\d{4}(?!\d)"
_TOWN: Final = r"(?:(?-i:St\.\s)?(?-i:[A-Z])[A-Za-z'-]+(?:\s(?:upon\s|on\s|in\s)?(?-i:[A-Z])[a-z'-]+){0,3}(?!\w))"
_COUNTRY: Final = r"(?:UK|USA|U\.S\.A\.|United Kingdom|England|Scotland|Wales|Russia|Germany|Ireland|Canada)"
_AFTER: Final = (
    rf"(?:,?\s(?:{_DIRECTION}|Upper|Lower)(?!\w))?(?:,?\s{{1,2}}{_UNIT}){{0,2}}(?:,\s{_TOWN}(?:\s\d{{1,2}}(?!\w))?){{0,4}}"
    rf"(?:,?\s(?-i:[A-Z]{{2,3}})(?!\w))?(?:,?\s{_ZIP}|,?\s{_POSTCODE}|{_AUSTRALIAN})?(?:,\s{_COUNTRY})?"
)
_BARE: Final = r"(?:Broadway|Strand|Bowery|Mall|Park Lane|Piccadilly|Whitehall|Pall Mall|Cheapside)"
_BUILDING: Final = (
    rf"(?:(?:{_WORD}\s){{1,3}}(?:park|house|court|centre|center|estate|building|mills?|tower|works|plaza),\s)"
)
# The two letters that any unit begins with are asked for first.
NUMBER_FIRST = re.compile(
    rf"(?<![\w$€£.,/-])(?=[\d#]|[fbp]l|[lrh]o|[bhw]a|ap|un|bu|s[uth]|rm|of|le|vi)(?:{_UNIT},?\s{_BUILDING}?)?(?:{_NUMBER}|{_UNIT},),?\s(?:(?:{_DIRECTION}\.?\s)?(?:{_WORD}\s){{1,4}}{_TYPE}\b\.?(?:\s\d{{1,4}}(?=,))?|(?:The\s)?(?-i:{_BARE})\b){_AFTER}",
    re.IGNORECASE,
)
POST_CODED = re.compile(
    rf"(?<![\w$€£.,/-])(?:{_UNIT},?\s)?(?:{_NUMBER}|{_UNIT}),?\s(?:{_WORD}\s?){{1,3}}(?:,\s{_UNIT}){{0,2}}(?:,\s{_TOWN}){{1,3}},?\s(?:{_POSTCODE}|(?-i:[A-Z]{{2}})\s{_ZIP})",
    re.IGNORECASE,
)
NUMBER_LAST = re.compile(
    rf"(?<!\w)(?:{_WORD}\s){{1,3}}{_SURE_TYPE}\b\.?,?\s(?:no\.?\s|bld\.?\s|building\s|house\s)?{_NUMBER}(?![\w.,]\d){_AFTER}",
    re.IGNORECASE,
)
NUMBER_LAST_GATE = re.compile(rf"\b{_SURE_TYPE}\b\.?,?\s(?:no\.?\s|bld\.?\s|building\s|house\s)?\d")
GERMAN = re.compile(
    r"(?<!\w)[A-Z][\w-]*(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|straat|gracht)\s\d{1,4}[a-z]?(?:,\s(?:D-)?\d{4,5}(?:\s[A-Z]{2})?\s[A-Z]\w+)?"
)
_SMALL_WORD: Final = r"(?!(?:of|in|on|at|for|to|the|and|or|a|new|more|days?|weeks?|months?|years?|hours?|minutes?|percent|other|different|miles|units)\s)[a-z'-]{2,}\s"
SAID = re.compile(
    rf"(?<!\w)(?:(?:flat|apartment|unit|suite)\s(?:{_SAID}|\d+[a-z]?),?\s)?(?:{_SAID}(?:[\s-](?:and\s)?{_SAID}){{0,3}}|\d{{1,5}}[a-z]?)\s"
    rf"(?:{_SMALL_WORD}){{1,2}}{_SURE_TYPE}(?!\w)"
    rf"(?:,?\s(?:flat|apartment|unit|suite|apt)\s(?:number\s)?(?:{_SAID}(?:[\s-]{_SAID})?|\d+[a-z]?))?"
)
SAID_GATE = re.compile(rf"(?<= ){_SURE_TYPE}(?!\w)")
BOX = re.compile(
    rf"(?<!\w)(?:p\.?\s?o\.?\s?box|post office box|(?:rr|rural route)\s\d{{1,3}},?\sbox)\s?(?:no\.?\s)?\d{{1,6}}(?:,\s(?:station|stn\.?)\s\w{{1,9}})?(?:,\s{_TOWN}){{0,2}}(?:,?\s(?-i:[A-Z]{{2}})(?!\w))?(?:,?\s{_ZIP}|,?\s{_POSTCODE})?",
    re.IGNORECASE,
)
# Houses and estates that have a name in place of a number: only the post code at the end tells them.
_NAMED: Final = r"[A-Z0-9][\w'&.-]*(?:\s(?:(?:of|the|on|in|upon|under|by|le|cum|and)\s)*[A-Z0-9][\w'&.-]*){0,4}"
HOUSE_NAMED = re.compile(
    rf"(?<![\w'.&-])(?:{_NAMED},\s){{1,4}}(?:{_NAMED},?\s)?[A-Z]{{1,2}}\d[A-Z\d]? \d[A-BD-HJLNP-UW-Z]{{2}}(?!\w)"
)
POSTCODE = re.compile(r"(?<![\w-])[A-Z]{1,2}\d[A-Z\d]? \d[A-BD-HJLNP-UW-Z]{2}(?!\w)")
POST_CODE_GATE = re.compile(r"(?<!\w)(?:[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[A-Z]{2} \d{5})(?!\w)")
ZIP = re.compile(r"(?:zip(?: code)?|postal code)(?: is)?:? (?P<zip>\d{5,6}(?:-\d{4})?)(?!\d)")
ROMANCE = re.compile(
    r"(?<![\w.,/-])\d{1,4}(?: ?bis)?,? (?:rue|avenue|boulevard|via|calle|plaza|place|piazza|corso)(?: (?:de|du|des|della|del|la|le|di))* [A-Z][\w-]+(?:, (?:\d{5} )?[A-Z]\w+)?",
    re.IGNORECASE,
)
ROMANCE_LAST = re.compile(
    r"(?<!\w)(?:Via|Viale|Piazza|Corso|Calle|Avenida|Plaza|Paseo|Rua|Largo)(?: (?:de|del|della|di|da|do|dos|la|las|los|el))* "
    r"[A-ZÀ-Ž][\w'-]+(?: [A-ZÀ-Ž][\w'-]+){0,2},? \d{1,4}, \d{4,5} [A-ZÀ-Ž][\w-]+"
)
STATE_ZIP = re.compile(r"(?<!\w)[A-Z][a-z]+(?:\s[A-Z][a-z]+){0,2},\s[A-Z]{2}\s\d{5}(?:-\d{4})?(?!\d)")


def find(text: str) -> list[Found]:
    """Every address with a house number, a post box or a post code."""
    found = [Found(m.start(), m.end(), "address", 63) for m in NUMBER_FIRST.finditer(text)]
    for first, last in windows(POST_CODE_GATE, text, 120, 12):
        found += (Found(m.start(), m.end(), "address", 62) for m in POST_CODED.finditer(text, first, last))
        found += (Found(m.start(), m.end(), "address", 61) for m in HOUSE_NAMED.finditer(text, first, last))
    low = small(text)
    for gate, pattern, written, rank, after in (
        (NUMBER_LAST_GATE, NUMBER_LAST, text, 62, 160),
        (SAID_GATE, SAID, low, 59, 60),
    ):
        for first, last in windows(gate, low, 64, after):
            found += (Found(m.start(), m.end(), "address", rank) for m in pattern.finditer(written, first, last))
    found += (
        Found(m.start(), m.end(), "address", 60)
        for pattern in (GERMAN, ROMANCE, ROMANCE_LAST)
        for m in pattern.finditer(text)
    )
    found += (Found(m.start(), m.end(), "address", 61) for m in BOX.finditer(text))
    found += (
        Found(m.start(), m.end(), "address", 54) for pattern in (POSTCODE, STATE_ZIP) for m in pattern.finditer(text)
    )
    found += (Found(m.start("zip"), m.end("zip"), "address", 54) for m in ZIP.finditer(low))
    return found
