"""Everything that a person can see exists in Russian and in English."""

from __future__ import annotations

import re
from functools import lru_cache

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from sources import ROOT

from webapp.kit.i18n import catalogue_files

METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
OPTIONS = {"**.html": {"trimmed": "true", "silent": "false"}}
KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2)}
VARIABLE = re.compile(r"%\((\w+)\)s")
# What is written the same in both languages, or is no language at all.
SAME = re.compile(r"[\W\d_]*")


def _dir_filter(path: str) -> bool:
    return not path.endswith(("node_modules", "static", "__pycache__", "versions"))


@lru_cache(maxsize=1)
def used() -> dict[str | tuple[str, ...], str]:
    """Each message id in use, with a file that uses it."""
    found = {}
    extracted = extract_from_dir(ROOT / "webapp", METHODS, OPTIONS, keywords=KEYWORDS, directory_filter=_dir_filter)
    for file, _line, message, _comments, _context in extracted:
        found.setdefault(message, str(file))
    return found


@lru_cache(maxsize=1)
def translated() -> dict[str, tuple[str | tuple[str, ...], str]]:
    """Message id (singular) to its Russian words and its catalogue."""
    found = {}
    for path in catalogue_files():
        with path.open("rb") as stream:
            for message in read_po(stream, locale="ru"):
                if message.id:
                    key = message.id[0] if isinstance(message.id, list | tuple) else message.id
                    found[key] = (message.string, str(path.relative_to(ROOT)))
    return found


def test_every_message_has_russian_words():
    missing = []
    for message, file in sorted(used().items(), key=str):
        key = message[0] if isinstance(message, tuple) else message
        words = translated().get(key, ("", ""))[0]
        whole = all(words) if isinstance(words, tuple) else bool(words)
        if not whole and not SAME.fullmatch(key):
            missing.append(f"{file}: {key!r}")
    assert not missing, f"{len(missing)} messages:\n" + "\n".join(missing)


def test_plural_messages_have_the_three_russian_forms():
    wrong = []
    for message in used():
        if isinstance(message, tuple):
            words = translated().get(message[0], ("", ""))[0]
            if words and (not isinstance(words, tuple) or len(words) != 3):
                wrong.append(message[0])
    assert not wrong


def test_translations_keep_the_variables():
    wrong = []
    for message in used():
        key = message[0] if isinstance(message, tuple) else message
        words = translated().get(key, ("", ""))[0]
        for form in words if isinstance(words, tuple) else (words,):
            if form and not set(VARIABLE.findall(form)) <= set(
                VARIABLE.findall(" ".join(message) if isinstance(message, tuple) else key)
            ):
                wrong.append(key)
    assert not wrong


def test_one_message_has_one_translation():
    meanings: dict[str, set] = {}
    for path in catalogue_files():
        with path.open("rb") as stream:
            for message in read_po(stream, locale="ru"):
                if message.id and not isinstance(message.id, list | tuple):
                    meanings.setdefault(message.id, set()).add(message.string)
    several = {key: words for key, words in meanings.items() if len(words) > 1}
    assert not several
