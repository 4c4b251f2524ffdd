"""The manifest of a model: who it is, what it may be used for, and what every one of its files must be.

It lies beside the weights as `manifest.toml` (or `manifest.json` with the same fields); docs/models.md describes it.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final, Literal

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from appliance.modelstore.errors import ManifestRefused

MANIFEST: Final = "manifest.toml"
MANIFEST_JSON: Final = "manifest.json"
RECORD: Final = "checked.json"
ACTIVE: Final = "active"
MANIFEST_MAX_BYTES: Final = 1_000_000
OF_THE_STORE: Final = frozenset({MANIFEST, MANIFEST_JSON, RECORD})

Role = Literal["chat", "fast", "embed", "rerank", "speech"]
Format = Literal["gguf", "safetensors", "ctranslate2"]

ROLES: Final[tuple[Role, ...]] = ("chat", "fast", "embed", "rerank", "speech")
WEIGHTS: Final[dict[Format, tuple[str, ...]]] = {
    "gguf": (".gguf",),
    "safetensors": (".safetensors",),
    "ctranslate2": ("model.bin",),
}
# Nothing that an engine would run or unpickle comes in with weights.
BESIDE_WEIGHTS: Final = (
    ".json",
    ".txt",
    ".md",
    ".jinja",
    ".model",
    ".tiktoken",
    ".npy",
    "licence",
    "license",
    "notice",
)

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Version = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def _spdx(text: str) -> str:
    """Return the expression in its official spelling. Raises ValueError when SPDX knows no such licence."""
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        message = (
            f"{text!r} is no SPDX licence expression. Give one such as Apache-2.0, MIT or CC-BY-4.0; "
            "for a licence of the model's own write LicenseRef-NAME"
        )
        raise ValueError(message) from None


def _inside(name: str) -> str:
    """Return the name of a file. Raises ValueError when it would lead out of the model's folder."""
    path = PurePosixPath(name)
    if name != str(path) or path.is_absolute() or ".." in path.parts or "\\" in name or not name.isprintable():
        message = f"{name!r} is not a plain path inside the model's folder"
        raise ValueError(message)
    if path.name in OF_THE_STORE:
        message = f"{name!r} is a name that the store itself uses; leave it out"
        raise ValueError(message)
    return name


def _not_reserved(name: str) -> str:
    """Return a model's name. Raises ValueError for the one name that the store uses itself."""
    if name == ACTIVE:
        message = f"{name!r} is a name that the store itself uses; choose another"
        raise ValueError(message)
    return name


class Section(BaseModel):
    """A part of a manifest: no unknown field, never changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class File(Section):
    """One file: its name below the model's folder, its size in bytes and its SHA-256."""

    name: Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_inside)]
    size: Annotated[int, Field(ge=0)]
    sha256: Sha256


class EngineOptions(Section):
    """What the engine is told when it serves this model; a setting of the environment goes before."""

    context_tokens: Annotated[int, Field(gt=0)] | None = None
    parallel: Annotated[int, Field(gt=0, le=1024)] | None = None
    dtype: Literal["auto", "bfloat16", "float16", "float32"] | None = None
    tool_parser: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")] | None = None
    languages: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(,[a-z]{2})*$")] | None = None
    beam_size: Annotated[int, Field(gt=0, le=20)] | None = None


class Manifest(Section):
    """The whole manifest."""

    name: Annotated[Name, AfterValidator(_not_reserved)]
    version: Version
    role: Role
    format: Format
    title: Annotated[str, Field(max_length=200)] = ""
    source: Annotated[str, Field(min_length=1, max_length=500)]
    licence: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_spdx)]
    licence_note: Annotated[str, Field(max_length=1000)] = ""
    engine: EngineOptions = EngineOptions()
    file: Annotated[tuple[File, ...], Field(min_length=1, max_length=2000, strict=False)]

    @model_validator(mode="after")
    def _files_fit(self) -> Manifest:
        """Check that files are named once, are of kinds that belong to the format, and include weights."""
        names = [file.name for file in self.file]
        twins = {name for name in names if names.count(name) > 1}
        strange = [name for name in names if not is_allowed(name, self.format)]
        if twins:
            message = f"file: {min(twins)!r} is listed twice; list every file once"
            raise ValueError(message)
        if strange:
            message = f"file: {strange[0]!r} does not belong to a model in the format {self.format}; leave it out"
            raise ValueError(message)
        if not self.weights:
            message = f"file: there is no file of weights ({' or '.join(WEIGHTS[self.format])}); list it"
            raise ValueError(message)
        return self

    @property
    def key(self) -> str:
        """How people name this model and version."""
        return f"{self.name}@{self.version}"

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.file)

    @property
    def weights(self) -> tuple[File, ...]:
        """The files that hold weights."""
        return tuple(file for file in self.file if is_weights(file.name, self.format))

    @property
    def entry(self) -> str:
        """What an engine is given, relative to the model's folder: the (first) GGUF file, else the folder itself."""
        return min(file.name for file in self.weights) if self.format == "gguf" else ""

    @property
    def sha256(self) -> str:
        """The identity of the whole model: its only file's SHA-256, else that of the sorted list of files."""
        if len(self.file) == 1:
            return self.file[0].sha256
        listing = "".join(sorted(f"{file.sha256}  {file.name}\n" for file in self.file))
        return hashlib.sha256(listing.encode()).hexdigest()


def is_weights(name: str, kind: Format) -> bool:
    """Tell whether a file holds weights in a format."""
    return name.endswith(WEIGHTS[kind])


def is_allowed(name: str, kind: Format) -> bool:
    """Tell whether a file may be part of a model in a format."""
    return is_weights(name, kind) or name.lower().endswith(BESIDE_WEIGHTS)


def _place(location: tuple[int | str, ...]) -> str:
    """Write the place of a field as a reader of the manifest looks for it: file[1].sha256."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def _refusal(source: str, error: ValidationError) -> ManifestRefused:
    """Turn the first thing that is wrong into a sentence with its field and the remedy."""
    first = error.errors(include_url=False)[0]
    place, message = _place(first["loc"]), first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        return ManifestRefused(place, f"{source}: '{place}' is not a known field.", "Correct its name or remove it.")
    if first["type"] == "missing":
        return ManifestRefused(place, f"{source}: the field '{place}' is missing.", "Add it: docs/models.md says how.")
    if not place:
        place, _, message = message.partition(": ")
    return ManifestRefused(
        place, f"{source}: the field '{place}' is wrong: {message}.", f"Correct '{place}': docs/models.md says how."
    )


def parse(fields: dict[str, Any], source: str = MANIFEST) -> Manifest:
    """Check the fields of a manifest. Raises ManifestRefused."""
    try:
        return Manifest.model_validate(fields)
    except ValidationError as error:
        raise _refusal(source, error) from error


def find(folder: Path) -> Path | None:
    """Return the manifest file in a folder, None where there is none."""
    return next((path for name in (MANIFEST, MANIFEST_JSON) if (path := folder / name).is_file()), None)


def read(path: Path) -> Manifest:
    """Read a manifest file. Raises ManifestRefused."""
    try:
        if path.stat().st_size > MANIFEST_MAX_BYTES:
            raise ManifestRefused("", f"{path.name} is too large for a manifest.", "Give the file that you meant.")
        text = path.read_text(encoding="utf-8")
        fields = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise ManifestRefused("", f"{path.name} is not valid {kind}: {error}.", "Correct that place.") from error
    if not isinstance(fields, dict):
        raise ManifestRefused("", f"{path.name} holds no fields.", "Write one: ostrov models manifest DIR")
    return parse(fields, path.name)


def _toml(value: object) -> str:
    """Write one value; TOML's basic strings and numbers are spelled as JSON's are."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def as_toml(manifest: Manifest) -> str:
    """Write a manifest as TOML."""
    fields = manifest.model_dump(exclude={"engine", "file"}, exclude_defaults=True)
    lines = [f"{name} = {_toml(value)}" for name, value in fields.items()]
    options = manifest.engine.model_dump(exclude_none=True)
    if options:
        lines += ["", "[engine]", *(f"{name} = {_toml(value)}" for name, value in options.items())]
    for file in manifest.file:
        lines += ["", "[[file]]", *(f"{name} = {_toml(value)}" for name, value in file.model_dump().items())]
    return "\n".join(lines) + "\n"
