"""What goes into an AI module and what comes out: the JSON that any client of the gateway speaks."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Speaker = Literal["client", "colleague", "unknown"]
Language = Literal["ru", "en"]
ProposalField = Literal[
    "person",
    "organisation",
    "phone",
    "email",
    "intent",
    "product",
    "quantity",
    "budget",
    "currency",
    "next_step",
    "due",
    "sentiment",
]
Intent = Literal[
    "purchase",
    "quote_request",
    "support",
    "complaint",
    "renewal",
    "cancellation",
    "information",
    "meeting",
    "delivery",
    "payment",
    "other",
]
Sentiment = Literal["positive", "neutral", "negative"]


class Part(BaseModel):
    """Base of every piece of the contract: unknown keys are ignored, numeric ids become strings."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, frozen=True)


class Word(Part):
    """One recognised word; times in seconds from the start of the recording."""

    word: str
    start: float
    end: float
    probability: float = 1.0


class Segment(Part):
    """One piece of a transcript as the speech engine gave it; times in seconds."""

    index: int
    start: float
    end: float
    text: str
    channel: int | None = None
    speaker: Speaker = "unknown"
    words: list[Word] = Field(default_factory=list)


class Communication(Part):
    """The call itself; `occurred_at` carries its zone, relative dates are resolved against it."""

    id: str
    occurred_at: datetime
    direction: Literal["in", "out", "unknown"] = "unknown"
    language: Language | None = None
    duration: float = 0.0
    segments: list[Segment]


class Colleague(Part):
    """A member of our own staff: never the client."""

    name: str


class Company(Part):
    """Our own company: never the client's organisation."""

    name: str = ""


class KnownPerson(Part):
    """A person whom the CRM knows."""

    id: str
    name: str
    organisation: str | None = None


class KnownOrganisation(Part):
    """An organisation that the CRM knows."""

    id: str
    name: str


class KnownProduct(Part):
    """A product that the company sells; `price` is in `currency`."""

    id: str
    name: str
    aliases: list[str] = Field(default_factory=list)
    currency: str | None = None
    price: float | None = None


class Client(Part):
    """The client of the call as far as the CRM knows it already."""

    person: KnownPerson | None = None
    organisation: KnownOrganisation | None = None


class CallCardInput(Part):
    """A transcribed call and what its caller may know: the module sees nothing else."""

    communication: Communication
    colleagues: list[Colleague] = Field(default_factory=list)
    company: Company = Field(default_factory=Company)
    client: Client = Field(default_factory=Client)
    people: list[KnownPerson] = Field(default_factory=list)
    organisations: list[KnownOrganisation] = Field(default_factory=list)
    products: list[KnownProduct] = Field(default_factory=list)
    timezone: str = "Europe/Moscow"
    currency: str = "RUB"


class Proposal(Part):
    """One value for one field of the card, with the words of the call that it rests on.

    `quote` is verbatim in the transcript, `second` is where it starts in the recording, `group` pairs
    a product with its quantity and a next step with its date, `known_id` names the CRM's record, `contributions` are
    the signs that the confidence is the sum of.
    """

    field: ProposalField
    value: JsonValue
    display: str
    quote: str = Field(min_length=1)
    segment: int
    second: float
    speaker: Speaker
    confidence: float = Field(ge=0, le=1)
    group: int | None = None
    known_id: str | None = None
    contributions: dict[str, float] = Field(default_factory=dict)


class SummarySentence(Part):
    """One sentence of the summary and the words of the call that support it."""

    text: str
    quote: str = Field(min_length=1)
    second: float


class CallCardOutput(Part):
    """What the call says: a supported summary, who spoke where, and proposals with evidence."""

    language: Language
    summary: str
    summary_sentences: list[SummarySentence] = Field(default_factory=list)
    speakers: dict[str, Speaker] = Field(default_factory=dict)
    segment_speakers: list[Speaker] = Field(default_factory=list)
    proposals: list[Proposal] = Field(default_factory=list)


class Passage(Part):
    """A piece of a record or document that the asker may read; `second` when it comes from a call."""

    ref: str
    type: str
    id: str
    title: str = ""
    text: str
    second: float | None = None


class AnswerInput(Part):
    """A question and the passages retrieved for it, best first."""

    question: str
    locale: Language = "en"
    passages: list[Passage] = Field(default_factory=list)


class Citation(Part):
    """Where a claim of the answer comes from; `quote` is verbatim in the passage `ref`."""

    ref: str
    type: str
    id: str
    quote: str = Field(min_length=1)
    second: float | None = None


class AnswerOutput(Part):
    """An answer whose every claim is cited, or a refusal with its reason."""

    answered: bool
    answer: str
    citations: list[Citation] = Field(default_factory=list)
    reason: str = ""
