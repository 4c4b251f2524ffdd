"""The header of a GGUF file: its facts, and whether every tensor that it announces lies inside the file."""

from __future__ import annotations

import struct
from typing import BinaryIO, Final

MAGIC: Final = b"GGUF"
VERSIONS: Final = (2, 3)
COUNT_MAX: Final = 10_000_000
TEXT_MAX_BYTES: Final = 64_000_000
ALIGNMENT: Final = 32
STRING: Final = 8
ARRAY: Final = 9
# Type of a value -> its layout (struct) in a file.
SCALARS: Final = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
# Type of a tensor -> (weights a block, bytes a block).
BLOCKS: Final = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip


class Reader:
    """Little-endian values, one after the other; raises EOFError where the file ends too early."""

    def __init__(self, stream: BinaryIO) -> None:
        """Read from here on."""
        self.stream = stream

    def take(self, count: int) -> bytes:
        """Return exactly so many bytes."""
        data = self.stream.read(count)
        if len(data) != count:
            raise EOFError
        return data

    def number(self, layout: str) -> int | float:
        """Return one number."""
        value: int | float = struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))[0]
        return value

    def count(self) -> int:
        """Return a count of things; absurd ones are refused."""
        value = int(self.number("Q"))
        if value > COUNT_MAX:
            message = f"it announces {value} things in a row"
            raise ValueError(message)
        return value

    def text(self) -> str:
        """Return one string."""
        length = int(self.number("Q"))
        if length > TEXT_MAX_BYTES:
            message = f"it announces a text of {length} bytes"
            raise ValueError(message)
        return self.take(length).decode("utf-8", "replace")

    def value(self, kind: int) -> object:
        """Return one value of a fact; long lists are passed over and given as their length."""
        if kind == STRING:
            return self.text()
        if kind != ARRAY:
            return self.number(SCALARS[kind])
        inner, count = int(self.number("I")), self.count()
        if inner in SCALARS:
            self.take(count * struct.calcsize("<" + SCALARS[inner]))
        else:
            for _ in range(count):
                self.value(inner)
        return count


def check_gguf(stream: BinaryIO, size: int) -> dict[str, object]:
    """Read the whole header and return its facts. Raises ValueError or EOFError when the file is not sound."""
    reader = Reader(stream)
    if stream.read(4) != MAGIC:
        message = "it does not start as a GGUF file does"
        raise ValueError(message)
    version = int(reader.number("I"))
    if version not in VERSIONS:
        message = f"its version is {version}; versions {VERSIONS[0]} and {VERSIONS[1]} can be read"
        raise ValueError(message)
    tensors, facts_count = reader.count(), reader.count()
    facts = {reader.text(): reader.value(int(reader.number("I"))) for _ in range(facts_count)}
    if "general.architecture" not in facts or tensors == 0:
        message = "it names no architecture or holds no tensors"
        raise ValueError(message)
    ends = [_end(reader) for _ in range(tensors)]
    alignment = facts.get("general.alignment", ALIGNMENT)
    step = alignment if isinstance(alignment, int) and alignment > 0 else ALIGNMENT
    start = -(-stream.tell() // step) * step
    if start + max(ends) > size:
        message = f"it is {size} bytes long and its tensors reach to {start + max(ends)}: it was cut short"
        raise ValueError(message)
    return facts


def _end(reader: Reader) -> int:
    """Read the description of one tensor; return where it ends, counted from the start of all tensors."""
    reader.text()
    weights = 1
    for _ in range(int(reader.number("I"))):
        weights *= int(reader.number("Q"))
    kind, offset = int(reader.number("I")), int(reader.number("Q"))
    block, size = BLOCKS.get(kind, (1, 0))
    return offset + -(-weights // block) * size
