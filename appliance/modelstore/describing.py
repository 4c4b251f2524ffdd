"""Make the manifest of a directory of weights that has none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from appliance.modelstore import headers, manifest
from appliance.modelstore.checking import Progress, counting, sha256_of, silent
from appliance.modelstore.errors import WeightsRefused
from appliance.modelstore.manifest import OF_THE_STORE, WEIGHTS, Format, Manifest, is_allowed, is_weights


def describe(folder: Path, fields: Mapping[str, str], progress: Progress = silent) -> Manifest:
    """Measure and hash every file that belongs to the model; `fields` says what cannot be seen from outside.

    Raises WeightsRefused when there are no weights, ManifestRefused when a field does not fit.
    """
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in OF_THE_STORE]
    kind = _format([path.relative_to(folder).as_posix() for path in files])
    strange = [path for path in files if path.is_symlink() or not is_allowed(path.relative_to(folder).as_posix(), kind)]
    if strange:
        raise WeightsRefused(
            f"{strange[0].relative_to(folder)} does not belong to a model in the format {kind}.",
            "Remove it: an engine needs weights, configuration and tokenizer, and runs nothing else.",
        )
    seen = counting(progress, "reading", sum(path.stat().st_size for path in files))
    listed = [
        {
            "name": path.relative_to(folder).as_posix(),
            "size": path.stat().st_size,
            "sha256": sha256_of(path, None, seen),
        }
        for path in files
    ]
    found = manifest.parse({**fields, "format": kind, "file": listed}, str(folder))
    headers.check(folder, found)
    return found


def _format(names: list[str]) -> Format:
    """Tell the format by the files of weights. Raises WeightsRefused when there are none, or of several kinds."""
    kinds: list[Format] = [kind for kind in WEIGHTS if any(is_weights(name, kind) for name in names)]
    if len(kinds) != 1:
        what = " and ".join(kinds) if kinds else "no weights (.gguf, .safetensors or model.bin)"
        raise WeightsRefused(f"The directory holds {what}.", "Give a directory with the weights of one model.")
    return kinds[0]
