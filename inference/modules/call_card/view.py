"""What the model is asked for: per field the words of the call first, then the value."""

from pydantic import BaseModel, ConfigDict, Field

from appliance.contract.modules import Intent, Sentiment


class Asked(BaseModel):
    """Base of the model's answer: the JSON Schema is strict."""

    model_config = ConfigDict(extra="forbid")


class Told(Asked):
    """Words copied from the call and the value that they give; both empty when it is not said."""

    quote: str = Field(max_length=160)
    value: str = Field(max_length=80)


class ToldIntent(Asked):
    """The client's words and the one intent that they show."""

    quote: str = Field(max_length=160)
    value: Intent


class ToldSentiment(Asked):
    """The client's words and the feeling that they show."""

    quote: str = Field(max_length=160)
    value: Sentiment


class ModelView(Asked):
    """The model's reading of a call."""

    person: Told
    organisation: Told
    product: Told
    intent: ToldIntent
    sentiment: ToldSentiment
    next_step: Told
    summary: list[str] = Field(min_length=1, max_length=3)
