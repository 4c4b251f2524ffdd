"""What `note` takes and gives."""

from pydantic import BaseModel, Field

LONGEST = 200


class Input(BaseModel):
    """A text, and whether the module may go on without its model."""

    text: str
    alone: bool = False


class Asked(BaseModel):
    """What the model is asked for."""

    note: str
    sure: float


class Piece(BaseModel):
    """One piece of evidence."""

    field: str
    value: str
    quote: str
    second: float
    confidence: float


class Output(BaseModel):
    """A note and what it rests on."""

    note: str = Field(max_length=LONGEST)
    proposals: list[Piece]
