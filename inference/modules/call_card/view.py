"""What the model is asked for: per field the words of the call first, then the value."""

from collections.abc import Collection
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from appliance.contract.modules import Intent, Sentiment

QUOTE_LIMIT, VALUE_LIMIT, SENTENCE_LIMIT = 120, 80, 220
Sentence = Annotated[str, Field(min_length=1, max_length=SENTENCE_LIMIT)]


class Strict(BaseModel):
    """Base of the model's answer: the JSON Schema allows nothing else."""

    model_config = ConfigDict(extra="forbid")


class Told(Strict):
    """Words copied from the call and the value that they give; both empty when it is not said."""

    quote: str = Field(max_length=QUOTE_LIMIT)
    value: str = Field(max_length=VALUE_LIMIT)


class ToldIntent(Strict):
    """The client's words and the one intent that they show."""

    quote: str = Field(max_length=QUOTE_LIMIT)
    value: Intent


class ToldSentiment(Strict):
    """The client's words and the feeling that they show."""

    quote: str = Field(max_length=QUOTE_LIMIT)
    value: Sentiment


class ModelView(Strict):
    """The model's reading of a call; a field that was not asked for is None."""

    person: Told | None = None
    organisation: Told | None = None
    product: Told | None = None
    intent: ToldIntent | None = None
    sentiment: ToldSentiment | None = None
    next_step: Told | None = None
    summary: list[str] = Field(default_factory=list)


TYPES: dict[str, Any] = {"intent": ToldIntent, "sentiment": ToldSentiment}


def asked_for(fields: Collection[str]) -> type[Strict]:
    """The answer's type for these fields and a summary: what code has settled costs the model no words."""
    return _view(tuple(name for name in ModelView.model_fields if name in fields))


@cache
def _view(fields: tuple[str, ...]) -> type[Strict]:
    shape: dict[str, Any] = {name: (TYPES.get(name, Told), ...) for name in fields}
    shape["summary"] = (list[Sentence], Field(min_length=1, max_length=2))
    return create_model("CallView", __base__=Strict, **shape)
