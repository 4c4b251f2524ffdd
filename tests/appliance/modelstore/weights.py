"""Small but sound files of weights of every format, and folders and archives that carry them."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from pathlib import Path


def gguf(tensors: Mapping[str, int] | None = None, *, version: int = 3, cut: int = 0) -> bytes:
    """A GGUF file with tensors of so many float32 numbers; `cut` bytes are missing at its end."""

    def text(value: str) -> bytes:
        data = value.encode()
        return struct.pack("<Q", len(data)) + data

    tensors = tensors if tensors is not None else {"a": 8, "b": 40}
    facts = text("general.architecture") + struct.pack("<I", 8) + text("little")
    facts += text("tokens") + struct.pack("<IIQ", 9, 8, 2) + text("one") + text("два")
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), 2) + facts
    offset, body = 0, b""
    for name, count in tensors.items():
        head += text(name) + struct.pack("<IQIQ", 1, count, 0, offset)
        data = struct.pack(f"<{count}f", *range(count))
        padded = data + b"\0" * (-len(data) % 32)
        body += padded if name != list(tensors)[-1] else data
        offset += len(padded)
    whole = head + b"\0" * (-len(head) % 32) + body
    return whole[: len(whole) - cut]


def safetensors(count: int = 16, *, cut: int = 0, said: int | None = None) -> bytes:
    """A safetensors file with one tensor; `said` is the length that its header claims."""
    entry = {"dtype": "F32", "shape": [count], "data_offsets": [0, 4 * (said if said is not None else count)]}
    header = json.dumps({"__metadata__": {"format": "pt"}, "weight": entry}).encode()
    whole = struct.pack("<Q", len(header)) + header + struct.pack(f"<{count}f", *range(count))
    return whole[: len(whole) - cut]


def ctranslate2() -> bytes:
    """The start of a CTranslate2 model, and enough after it."""
    return struct.pack("<IH", 6, 12) + b"WhisperSpec\0" + b"\1" * 2000


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def manifest_of(files: Mapping[str, bytes], **fields: object) -> dict[str, object]:
    """The fields of a right manifest for these files."""
    listed = [{"name": name, "size": len(data), "sha256": sha(data)} for name, data in files.items()]
    facts = {"name": "little", "version": "1", "role": "chat", "format": "gguf", "licence": "Apache-2.0"}
    return {**facts, "source": "made by a test", "file": listed, **fields}


def folder_of(where: Path, files: Mapping[str, bytes], **fields: object) -> Path:
    """A directory with these files and their manifest (as JSON, which the store takes as well)."""
    for name, data in files.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (where / "manifest.json").write_text(json.dumps(manifest_of(files, **fields)))
    return where
