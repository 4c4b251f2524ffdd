"""Every component renders, in both languages, and says nothing that the security policy forbids."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

import webapp
from webapp.kit import i18n
from webapp.web import styleguide
from webapp.web.components import Components, clock, hue, initials

ROOT = Path(webapp.__file__).parent
WEB = ROOT / "web"
PAGES = [name for name, _label in styleguide.PAGES]


class Forbidden(HTMLParser):
    """Collects what a strict Content-Security-Policy would refuse, and ids that occur twice."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.found += [f"<{tag} {n}>" for n in names if n == "style" or n.startswith(("on", "hx-on"))]
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(f"<{tag}>")
        self.found += [
            f"{n}={v}" for n, v in attrs if n in ("src", "href") and v and v.startswith(("http:", "https:", "//"))
        ]
        if names.get("id"):
            self.ids.append(str(names["id"]))


@pytest.mark.parametrize("locale", i18n.LOCALES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_style_guide_keeps_the_security_policy(app: Flask, name: str, locale: str) -> None:
    answer = app.test_client().get(f"/_design/{name}?locale={locale}")
    parser = Forbidden()
    parser.feed(answer.text)
    assert answer.status_code == 200
    assert parser.found == []
    assert len(parser.ids) == len(set(parser.ids))


def test_a_component_that_does_not_exist_is_an_error(app: Flask) -> None:
    with pytest.raises(AttributeError):
        _ = Components(app.jinja_env).carousel


def test_components_escape_what_people_typed(app: Flask) -> None:
    with app.test_request_context("/"):
        shown = Components(app.jinja_env).badge("<script>alert(1)</script>")
    assert "<script>" not in shown


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    known = set(json.loads((WEB / "assets" / "icons.json").read_text()))
    pattern = re.compile(r"""(?:\bicon=|ui\.icon\(|\bdraw\()["']([a-z0-9-]*[a-z0-9])["']""")
    used = {(name, path.name) for path in ROOT.rglob("*.html") for name in pattern.findall(path.read_text())}
    assert {pair for pair in used if pair[0] not in known} == set()


def test_every_word_of_the_shell_is_said_in_russian() -> None:
    russian = i18n.translations("ru")
    options = {"trimmed": "true", "silent": "false"}
    words: set[str] = set()
    for path in [*WEB.rglob("*.html"), *WEB.rglob("*.py")]:
        if "node_modules" in path.parts:
            continue
        method = "jinja2" if path.suffix == ".html" else "python"
        keywords = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
        found = extract_from_file(method, str(path), keywords=keywords, options=options)
        words |= {m[0] if isinstance(m, tuple) else m for _line, m, _comments, _context in found}
    missing = {word for word in words if word and russian.ugettext(word) == word and not _same_in_both(russian, word)}
    assert missing == set()


def _same_in_both(russian: object, word: str) -> bool:
    plural = getattr(russian, "_catalog", {})
    return word in {"VIP", "Ostrov API"} or (word, 0) in plural


def test_the_lock_of_the_assets_names_no_registry() -> None:
    lock = (WEB / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert '"integrity"' in lock


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Анна Ковалёва", "АК"), ("ООО «Волна»", "В"), ("Harbour Foods Ltd", "HF"), ("Cher", "C"), ("АО", "А"), ("", "·")],
)
def test_initials_leave_out_legal_forms_and_quotes(name: str, letters: str) -> None:
    assert initials(name) == letters


@given(st.text(max_size=60))
def test_initials_and_colour_exist_for_any_name(name: str) -> None:
    assert initials(name)
    assert 0 <= hue(name) < 8
    assert hue(name) == hue(f" {name} ")


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, "0:00"), (0, "0:00"), (63.9, "1:03"), (3600, "1:00:00"), (10987, "3:03:07")]
)
def test_seconds_are_shown_as_a_clock(seconds: float | None, shown: str) -> None:
    assert clock(seconds) == shown


def test_texts_for_scripts_are_valid_in_an_attribute(app: Flask) -> None:
    text = app.test_client().get("/_design/?locale=ru").text
    content = re.search(r'name="ostrov-texts" content="([^"]*)"', text)
    assert content is not None
    raw = content.group(1).replace("&#34;", '"').replace("&amp;", "&")
    assert json.load(StringIO(raw))["copied"] == "Скопировано"
