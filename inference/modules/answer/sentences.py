"""Cuts a stream of text into whole sentences, each with the references that follow it."""

import re
from collections.abc import AsyncIterator

# A sentence ends with a stop and its references, and is whole only when the next one has begun.
END = re.compile(r"(?:[.!?…]+(?:\s*\[\d+\])*|(?:\[\d+\])+[.!?…]*)\s+(?=[^\s\[])|\n+")


async def whole_sentences(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    """Every sentence as soon as it is whole; the rest at the end."""
    buffer = ""
    async for piece in pieces:
        buffer += piece
        while (match := _end(buffer)) is not None:
            sentence, buffer = buffer[: match.end()].strip(), buffer[match.end() :]
            if sentence:
                yield sentence
    if buffer.strip():
        yield buffer.strip()


def _end(buffer: str) -> re.Match[str] | None:
    """The first end of a sentence that is not the dot of an abbreviation or of a number."""
    for match in END.finditer(buffer):
        before = buffer[: match.start()].rsplit(maxsplit=1)
        word = before[-1] if before else ""
        initial = len(word) == 1 or word.lower() in {"mr", "mrs", "ms", "dr", "г", "ул", "руб", "тыс", "млн", "им"}
        if not (initial and match.group().startswith(".")):
            return match
    return None
