"""The pages work under the strict Content-Security-Policy and without the internet."""

from __future__ import annotations

import re

import pytest
from sources import files, name

TEMPLATES = files(".html", under=("webapp",))
SCRIPTS = files(".js", ".css", under=("webapp/web/assets",))
RULES = {
    "an inline style": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style[\s>]", re.IGNORECASE),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "a handler attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "hx-on": re.compile(r"hx-on[:=-]", re.IGNORECASE),
    "evaluated values": re.compile(r"""hx-(?:vals|headers)\s*=\s*["']js:""", re.IGNORECASE),
    "an evaluated trigger filter": re.compile(r"""hx-trigger\s*=\s*"[^"]*\["""),
    "an address outside": re.compile(
        r"""(?:href|src|action|hx-get|hx-post)\s*=\s*["']?(?:https?:)?//""", re.IGNORECASE
    ),
    "unescaped output": re.compile(r"\|\s*safe\b"),
}
OUTSIDE = re.compile(r"""(?:fetch\(|import\s|@import\s|url\()\s*["']?(?:https?:)?//""")
EVALUATED = re.compile(r"\beval\(|new Function\(|\.innerHTML\s*=|document\.write\(")


@pytest.mark.parametrize("what", RULES)
def test_no_template_has(what):
    found = []
    for path in TEMPLATES:
        text = re.sub(
            r"\{#.*?#\}", lambda m: "\n" * m.group().count("\n"), path.read_text(encoding="utf-8"), flags=re.DOTALL
        )
        found += [f"{name(path)}:{text.count(chr(10), 0, m.start()) + 1}" for m in RULES[what].finditer(text)]
    assert not found


def test_scripts_and_styles_reach_nothing_outside_and_evaluate_nothing():
    found = [
        f"{name(path)}: {match.group()}"
        for path in SCRIPTS
        for pattern in (OUTSIDE, EVALUATED)
        for match in pattern.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_every_form_that_posts_carries_its_token():
    form = re.compile(r"<form\b[^>]*method=\"post\".*?</form>", re.DOTALL | re.IGNORECASE)
    found = [
        name(path)
        for path in TEMPLATES
        for match in form.finditer(path.read_text(encoding="utf-8"))
        if "csrf" not in match.group()
    ]
    assert not found
