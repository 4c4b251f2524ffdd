"""The few words of a chunk that are shown with a result, what matched marked, safe to put into a page."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import ColumnElement, func, text

from webapp.ai.search.query import Query, fold

# Characters that no text holds, so that marks can be told from what a person wrote after everything is escaped.
START, STOP = "\x02", "\x03"
OPTIONS = f"StartSel={START},StopSel={STOP},MaxWords=28,MinWords=12,MaxFragments=1,FragmentDelimiter= … "
LONGEST_SNIPPET = 260


def headline(body: Any, asked: ColumnElement[Any]) -> ColumnElement[str]:
    """The part of a body that answers the question best, marked by START and STOP (not yet safe HTML)."""
    clean = func.translate(body, START + STOP, "")
    return func.ts_headline(text("'russian'"), clean, asked, OPTIONS)


def shown(kind: str, body: str) -> str:
    """A body as people know it: without the bare digits that were added to find a phone by."""
    if kind != "contact":
        return body
    written, _, digits = body.rpartition(" ")
    return written if written and digits.isdigit() and digits == re.sub(r"\D", "", written) else body


def safe(marked: str, query: Query, kind: str) -> str:
    """Escape a text and turn its marks into <mark>; names and contacts are marked where they hold the fragments."""
    if kind != "text":
        marked = _mark_fragments(marked[:LONGEST_SNIPPET], query)
    html = str(escape(marked)).replace(START, "<mark>").replace(STOP, "</mark>")
    return Markup(html)  # noqa: S704 - everything but our own marks was escaped above


def _mark_fragments(text_: str, query: Query) -> str:
    folded = fold(text_)
    if len(folded) != len(text_):  # folding joined spaces: places would not fit, so nothing is marked
        return text_
    spans = sorted((m.start(), m.end()) for f in query.fragments for m in re.finditer(re.escape(f), folded))
    pieces: list[str] = []
    at = 0
    for start, end in spans:
        if start < at:
            continue
        pieces += [text_[at:start], START, text_[start:end], STOP]
        at = end
    return "".join([*pieces, text_[at:]])
