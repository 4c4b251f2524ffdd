"""Believable content of the style guide, from styleguide.json: an equipment dealer, its clients and one call."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

DATA: dict[str, Any] = json.loads(Path(__file__).with_name("styleguide.json").read_text())
DURATION_SECONDS = 58.0
SURE, UNSURE = 0.93, 0.42


def segments() -> list[dict[str, Any]]:
    """The call's sentences with the time of each word, evenly spread."""
    return [line | {"words": _words(line)} for line in DATA["lines"]]


def _words(line: dict[str, Any]) -> list[dict[str, Any]]:
    words = line["text"].split()
    step = (line["end"] - line["start"]) / len(words)
    return [
        {
            "word": word,
            "start": round(line["start"] + i * step, 2),
            "end": round(line["start"] + (i + 1) * step, 2),
            "probability": UNSURE if word.isascii() else SURE,
        }
        for i, word in enumerate(words)
    ]


def proposals() -> list[dict[str, Any]]:
    """What the module suggests from the call, in several states; a fresh copy each time."""
    return copy.deepcopy(DATA["proposals"])
