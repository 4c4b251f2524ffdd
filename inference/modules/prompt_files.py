"""The prompts of a module: files with a version, languages and tests, rendered in a sandbox.

`prompt.md.jinja` (the manifest says which file) is the version `prompt_version`; other versions, older or to be tried,
are `prompts/VERSION.md.jinja`. `prompts/VERSION.toml` declares a version's languages and tests.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inference.modules.base import Prompt, split_prompt

FOLDER = "prompts"
PROMPT_SUFFIX, ABOUT_SUFFIX = ".md.jinja", ".toml"


class BrokenPrompt(Exception):
    """A prompt file is missing, cannot be rendered or fails a test of its own; the message says which and why."""


class PromptTest(BaseModel):
    """One rendering: with these variables the prompt contains some words and lacks others."""

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    variables: dict[str, Any] = Field(default_factory=dict)
    contains: list[str] = Field(default_factory=list)
    lacks: list[str] = Field(default_factory=list)


class About(BaseModel):
    """What `prompts/VERSION.toml` declares of a version."""

    model_config = ConfigDict(extra="forbid")

    languages: list[str] = Field(min_length=1)
    note: str = ""
    tests: list[PromptTest] = Field(min_length=1)


@dataclass(frozen=True)
class Source:
    """One version as it lies in a module's folder."""

    version: str
    file: str
    text: str
    about: Traversable = field(repr=False)
    required: bool = True


@cache
def _environment(package: str) -> ImmutableSandboxedEnvironment:
    """Return the sandbox that reads templates of one module's folder and of nothing else."""

    def source(name: str) -> str | None:
        file = files(package) / name
        return file.read_text("utf-8") if "/" not in name and file.is_file() else None

    return ImmutableSandboxedEnvironment(
        loader=FunctionLoader(source),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@cache
def _compiled(package: str, text: str) -> Template:
    """Compile one part of a prompt, once."""
    return _environment(package).from_string(text)


def render_text(package: str, text: str, variables: Mapping[str, Any]) -> tuple[str, str]:
    """Return the system and the user message of a prompt's text. Raises BrokenPrompt.

    The parts are split before they are rendered, so that no variable can pass for the system's words.
    """
    try:
        system, user = (_compiled(package, part).render(variables) for part in split_prompt(text))
    except (TemplateError, TypeError, ArithmeticError, LookupError) as error:
        message = f"{type(error).__name__}: {error}"
        raise BrokenPrompt(message) from error
    return system, user


@cache
def file_text(package: str, file: str) -> str:
    """Return the text of a prompt file of a module. Raises BrokenPrompt."""
    found = files(package) / file
    if "/" in file or not found.is_file():
        message = f"there is no file {file}"
        raise BrokenPrompt(message)
    return found.read_text("utf-8")


def read_prompts(package: str, default: str, version: str) -> tuple[Prompt, ...]:
    """Read and test every version of a module's prompt, the default first. Raises BrokenPrompt."""
    folder = files(package)
    return tuple(_checked(package, source) for source in _sources(folder, default, version))


def _sources(folder: Traversable, default: str, version: str) -> Iterator[Source]:
    """Yield the versions that lie in a folder. Raises BrokenPrompt where two files claim one version."""
    prompts = folder / FOLDER
    yield Source(version, default, (folder / default).read_text("utf-8"), prompts / f"{version}{ABOUT_SUFFIX}", False)
    if not prompts.is_dir():
        return
    names = sorted(entry.name for entry in prompts.iterdir())
    versions = [name.removesuffix(PROMPT_SUFFIX) for name in names if name.endswith(PROMPT_SUFFIX)]
    if version in versions:
        message = (
            f"{FOLDER}/{version}{PROMPT_SUFFIX}: version {version} is {default} already. Give one another version."
        )
        raise BrokenPrompt(message)
    for name in names:
        if name.endswith(ABOUT_SUFFIX) and name.removesuffix(ABOUT_SUFFIX) not in {version, *versions}:
            message = f"{FOLDER}/{name} speaks of a version that has no prompt. Add the prompt or remove the file."
            raise BrokenPrompt(message)
    for other in versions:
        file = f"{FOLDER}/{other}{PROMPT_SUFFIX}"
        yield Source(other, file, (folder / file).read_text("utf-8"), prompts / f"{other}{ABOUT_SUFFIX}")


def _checked(package: str, source: Source) -> Prompt:
    """Return a version that compiles and passes its tests. Raises BrokenPrompt."""
    about = _about(source)
    try:
        for part in split_prompt(source.text):
            _compiled(package, part)
    except TemplateError as error:
        message = f"{source.file}: {type(error).__name__}: {error}"
        raise BrokenPrompt(message) from error
    for position, test in enumerate(about.tests if about else ()):
        _run_test(package, source, test, test.name or str(position + 1))
    return Prompt(
        version=source.version,
        file=source.file,
        text=source.text,
        hash=hashlib.sha256(source.text.encode()).hexdigest(),
        languages=tuple(about.languages) if about else (),
        note=about.note if about else "",
    )


def _about(source: Source) -> About | None:
    """Return what is declared of a version; nothing may be declared of the default one. Raises BrokenPrompt."""
    name = f"{FOLDER}/{source.version}{ABOUT_SUFFIX}"
    if not source.about.is_file():
        if not source.required:
            return None
        message = f"{name} is missing. Write it with languages and at least one [[tests]]."
        raise BrokenPrompt(message)
    try:
        return About.model_validate(tomllib.loads(source.about.read_text("utf-8")))
    except tomllib.TOMLDecodeError as error:
        message = f"{name} is not TOML: {error}."
        raise BrokenPrompt(message) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        message = f"{name}: {'.'.join(map(str, first['loc']))}: {first['msg']}."
        raise BrokenPrompt(message) from error


def _run_test(package: str, source: Source, test: PromptTest, name: str) -> None:
    """Render a version once. Raises BrokenPrompt when it says what it must not or keeps silent on what it must say."""
    try:
        said = "\n\n".join(render_text(package, source.text, test.variables))
    except BrokenPrompt as error:
        message = f"{source.file} fails its test {name}: {error}"
        raise BrokenPrompt(message) from error
    for words in test.contains:
        if words not in said:
            message = f"{source.file} fails its test {name}: it does not contain {words!r}"
            raise BrokenPrompt(message)
    for words in test.lacks:
        if words in said:
            message = f"{source.file} fails its test {name}: it contains {words!r}"
            raise BrokenPrompt(message)
