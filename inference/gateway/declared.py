"""What a caller says about the texts of a request, beside them: their classes of data, and the values it knows."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inference.anonymise import KnownValue
from inference.gateway.config import DataClass, PersonalClass
from inference.gateway.masking import Veil
from inference.gateway.protocol import invalid
from inference.gateway.runs import Run

FIELD = "ostrov"


class Said(BaseModel):
    """The field `ostrov` of a request, or of one of its messages; `known` are values by class of personal data."""

    model_config = ConfigDict(extra="forbid")

    data_classes: list[DataClass] = Field(default_factory=list)
    known: dict[PersonalClass, list[str]] = Field(default_factory=dict)
    language: Literal["ru", "en", "auto"] = "auto"


def declared(body: dict[str, Any], run: Run) -> tuple[tuple[str, ...], Veil]:
    """Take what is said out of a request; return the classes of data to allow for, and the veil of the run.

    A text of which nothing is said may hold personal data, unless the policy keeps that from models anyway.
    Raises RequestInvalid, or PolicyForbids for a class of data that the policy does not allow.
    """
    said = [_said(body.pop(FIELD), FIELD)] if FIELD in body else []
    messages = body.get("messages")
    for place, message in enumerate(messages if isinstance(messages, list) else ()):
        if isinstance(message, dict) and FIELD in message:
            said.append(_said(message.pop(FIELD), f"messages.{place}.{FIELD}"))
    classes = tuple(sorted({name for item in said for name in item.data_classes}))
    if not classes and run.rules.shows_all:
        classes = ("personal",)
    run.rules.check(classes, what=f"The request, as it says in '{FIELD}.data_classes' or leaves open,")
    known = [KnownValue(kind, text) for item in said for kind, texts in item.known.items() for text in texts]
    languages = {item.language for item in said}
    return classes, veil_of(run, known, languages.pop() if len(languages) == 1 else "auto")


def veil_of(run: Run, known: list[KnownValue], language: str = "auto") -> Veil:
    """Return the veil of a run, and note in the run whether it masks."""
    veil = Veil(run.rules, known, language)
    run.masked = veil.masks
    return veil


def _said(found: Any, place: str) -> Said:
    """Read what is said in one place. Raises RequestInvalid."""
    try:
        return Said.model_validate(found)
    except ValidationError as error:
        raise invalid(error, place) from error
