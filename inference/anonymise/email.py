"""E-mail addresses."""

from __future__ import annotations

import re

from inference.anonymise.spans import Found

# Written so that programs do not see it: "name [at] firm.com", "name(собака)firm(точка)ru".
HIDDEN = re.compile(
    r"(?<![\w.+-])\w[\w.+-]{0,63} ?(?:[\[({<] ?(?:at|@|собака|эт) ?[\])}>]) ?[\w-]{1,63}"
    r"(?:(?:\.| ?[\[({<] ?(?:dot|\.|точка) ?[\])}>] ?)[\w-]{1,63}){1,5}",
    re.IGNORECASE,
)
HIDDEN_GATE = re.compile(r"[\[({<] ?(?:at|@|собака|эт) ?[\])}>]", re.IGNORECASE)
WRITTEN = re.compile(r"(?<![\w.+-])[\w][\w.+%'-]{0,63}@(?:[\w-]{1,63}\.){1,6}[^\W\d_][\w-]{1,30}(?![\w@])")


def find(text: str) -> list[Found]:
    """Every address of a text."""
    patterns = ((WRITTEN, "@" in text), (HIDDEN, HIDDEN_GATE.search(text) is not None))
    return [Found(m.start(), m.end(), "email", 90) for one, fits in patterns if fits for m in one.finditer(text)]
