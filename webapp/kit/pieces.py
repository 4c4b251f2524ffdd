"""Long text in pieces that fit an embedding, cut where sentences and paragraphs end."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from semchunk import semchunk

PIECE_CHARACTERS = 800


@lru_cache(maxsize=1)
def _cutter() -> Any:
    return semchunk.chunkerify(len, PIECE_CHARACTERS)


def pieces(text: str) -> list[str]:
    """The pieces of a text, each a verbatim part of it, at most 800 characters long."""
    found: list[str] = _cutter()(text) if text.strip() else []
    return found
