"""Sanity of weights by their headers, without loading them: a file cut short or of another kind is found at once."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Final

from appliance.modelstore.errors import WeightsRefused
from appliance.modelstore.gguf import check_gguf
from appliance.modelstore.manifest import Manifest

SAFETENSORS_HEADER_MAX_BYTES: Final = 100_000_000
CTRANSLATE2_VERSIONS: Final = range(1, 16)
BITS: Final = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
}


def check(folder: Path, manifest: Manifest) -> None:
    """Look at the header of every file of weights. Raises WeightsRefused, naming the file."""
    look = {"gguf": check_gguf, "safetensors": check_safetensors, "ctranslate2": check_ctranslate2}[manifest.format]
    for file in manifest.weights:
        path = folder / file.name
        try:
            with path.open("rb") as stream:
                look(stream, path.stat().st_size)
        except (ValueError, struct.error, KeyError, TypeError, EOFError, OverflowError) as error:
            raise WeightsRefused(
                f"{file.name} is not a sound file of the format {manifest.format}: {error or 'it ends too early'}.",
                "Get the file again from its source, or correct 'format' in the manifest.",
            ) from error
    if manifest.format == "safetensors":
        _check_configuration(folder, manifest)


def check_safetensors(stream: BinaryIO, size: int) -> None:
    """Check that the header describes tensors that fill the rest of the file exactly. Raises ValueError."""
    (length,) = struct.unpack("<Q", stream.read(8))
    if not 2 <= length <= min(SAFETENSORS_HEADER_MAX_BYTES, size - 8):
        message = f"its header is said to be {length} bytes long"
        raise ValueError(message)
    header = json.loads(stream.read(length))
    tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
    spans = sorted(_span(name, entry) for name, entry in tensors.items())
    _require_gapless(spans, size - 8 - length)


def _span(name: str, entry: dict[str, Any]) -> tuple[int, int]:
    """Return where a tensor lies. Raises ValueError when that does not fit its shape."""
    start, end = map(int, entry["data_offsets"])
    count = 1
    for dimension in entry["shape"]:
        count *= int(dimension)
    bits = BITS.get(entry["dtype"])
    if bits is not None and (count * bits + 7) // 8 != end - start:
        message = f"the tensor {name[:100]!r} has another size than its shape"
        raise ValueError(message)
    return start, end


def _require_gapless(spans: list[tuple[int, int]], size: int) -> None:
    """Raise ValueError unless the spans follow one another from 0 to the end."""
    edges: Iterable[tuple[int, int]] = ((before[1], after[0]) for before, after in pairwise(spans))
    if not spans or spans[0][0] != 0 or any(end != start for end, start in edges):
        message = "its tensors do not follow one another"
        raise ValueError(message)
    if spans[-1][1] != size:
        message = f"it holds {size} bytes of tensors and {spans[-1][1]} are announced"
        raise ValueError(message)


def _check_configuration(folder: Path, manifest: Manifest) -> None:
    """Check that a safetensors model brings its configuration and every part that its index names."""
    names = {file.name for file in manifest.file}
    if "config.json" not in names:
        raise WeightsRefused("The model has no config.json.", "Bring the whole folder, with its tokenizer.")
    for index in (name for name in names if name.endswith(".safetensors.index.json")):
        try:
            parts = set(json.loads((folder / index).read_text("utf-8"))["weight_map"].values())
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise WeightsRefused(f"{index} cannot be read as an index of parts.", "Get it again.") from error
        missing = sorted(parts - names)
        if missing:
            raise WeightsRefused(f"{index} names {missing[0]}, which is not there.", "Bring every part of the model.")


def check_ctranslate2(stream: BinaryIO, size: int) -> None:
    """Check version and name of the specification at the start of a `model.bin`. Raises ValueError."""
    version, length = struct.unpack("<IH", stream.read(6))
    name = stream.read(length)
    if version not in CTRANSLATE2_VERSIONS or not name.endswith(b"Spec\x00") or size < 1000:
        message = "it does not start as a CTranslate2 model does"
        raise ValueError(message)
