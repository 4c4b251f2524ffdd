"""The answer to "why?": a panel at the edge of the page for htmx, a page of its own for everybody else."""

from __future__ import annotations

from typing import Any

from flask import Response

from webapp.web.page import page, wants_fragment


def why_page(why: Any, after: str = "") -> Response:
    """Show why an AI value is what it is (`webapp.ai.why.Why`); `after` is markup to stand below it."""
    return page("why/panel.html" if wants_fragment() else "why/page.html", why=why, after=after)
