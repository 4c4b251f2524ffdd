"""`note`: asks its model once; without it, the text itself is the note."""

from collections.abc import AsyncIterator

from inference.modules.base import ModelClient, ModelError
from tests.inference.gateway.note_module.schema import Asked, Input, Output, Piece


async def run(given: Input, models: ModelClient) -> Output:
    """Make a note of a text."""
    try:
        asked = await models.complete("prompt.md.jinja", {"text": given.text}, output=Asked, max_tokens=50)
    except ModelError:
        if not given.alone:
            raise
        asked = Asked(note=given.text, sure=0)
    evidence = Piece(field="note", value=asked.note, quote=given.text, second=1.5, confidence=asked.sure)
    # Not checked here, so that the gateway has to.
    return Output.model_construct(note=asked.note, proposals=[evidence])


async def stream(given: Input, models: ModelClient) -> AsyncIterator[str | Output]:
    """Stream the note, then give it whole."""
    words = []
    async for piece in models.stream("prompt.md.jinja", {"text": given.text}, max_tokens=50):
        words.append(piece)
        yield piece
    yield Output(note="".join(words).strip(), proposals=[])
