"""What a module is, and what it may ask of the gateway that runs it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

Output = TypeVar("Output", bound=BaseModel)

USER_MARK = "=== user ==="


class ModelError(Exception):
    """The model could not be asked, or gave nothing usable; a module may go on without it."""


class ModelClient(Protocol):
    """The one way from a module to a model; the gateway implements it.

    `prompt` is a file name in the module's folder. What stands above its line `=== user ===` is the
    fixed system message (kept equal between calls, so that engines can cache it), the rest is the
    user message; both are rendered with `variables`. Failures are raised as `ModelError`.
    """

    async def complete(
        self, prompt: str, variables: Mapping[str, Any], *, output: type[Output], max_tokens: int
    ) -> Output:
        """Ask for one JSON object of the schema of `output`."""
        ...

    def stream(self, prompt: str, variables: Mapping[str, Any], *, max_tokens: int) -> AsyncIterator[str]:
        """Ask for plain text, given piece by piece as the model writes it."""
        ...


Run = Callable[[Any, ModelClient], Awaitable[BaseModel]]
Stream = Callable[[Any, ModelClient], AsyncIterator[str | BaseModel]]


@dataclass(frozen=True)
class Measured:
    """How one field is compared with what is right, and what a model that is asked bare is told of it.

    `kind`: `name`, `text`, `class`, `number`, `date` or `exact`; `values` are the classes of a `class`.
    """

    kind: str
    about: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measures:
    """The table `[evaluation]` of a manifest: the fields that are scored; `style` is `fields` or `answer`."""

    style: str = "fields"
    fields: Mapping[str, Measured] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """What `manifest.toml` says of a module."""

    name: str
    version: str
    title: str
    role: str
    prompt: str
    prompt_version: str
    data_classes: tuple[str, ...] = ()
    evaluation: Measures = field(default_factory=Measures)


@dataclass(frozen=True)
class Prompt:
    """One version of a module's prompt; `languages` are those that it was written for, `hash` is its SHA-256."""

    version: str
    file: str
    text: str = field(repr=False)
    hash: str
    languages: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Module:
    """A module ready to run. `stream`, where there is one, yields checked text, then the output.

    `cases` is its evaluation set: objects with `id`, `input` and `gold`, checked when the module is loaded.
    `prompts` are all versions of its prompt, the manifest's first; `prompt_text` and `prompt_hash` are of that one.
    """

    manifest: Manifest
    input: type[BaseModel]
    output: type[BaseModel]
    prompt_text: str
    prompt_hash: str
    run: Run
    stream: Stream | None = None
    cases: tuple[Mapping[str, Any], ...] = ()
    prompts: tuple[Prompt, ...] = ()


def split_prompt(text: str) -> tuple[str, str]:
    """The system and the user part of a prompt file; without the mark all of it is the user's."""
    system, mark, user = text.partition(USER_MARK)
    return (system.strip(), user.strip()) if mark else ("", text.strip())
