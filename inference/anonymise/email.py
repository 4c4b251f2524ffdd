"""E-mail addresses."""

from __future__ import annotations

import re

from inference.anonymise.spans import Found

WRITTEN = re.compile(r"(?<![\w.+-])[\w][\w.+%'-]{0,63}@(?:[\w-]{1,63}\.){1,6}[^\W\d_][\w-]{1,30}(?![\w@])")


def find(text: str) -> list[Found]:
    """Every address of a text."""
    return [Found(m.start(), m.end(), "email", 90) for m in WRITTEN.finditer(text)] if "@" in text else []
