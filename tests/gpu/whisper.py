"""A Whisper model of any size with made-up weights, for its speed: the shape counts, the words do not."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from ctranslate2.specs import WhisperSpec

WINDOW_SECONDS = 30.0
FRAMES = 3000
TOKENS_A_WINDOW = 120
END = 50_257
SPECIAL = {
    END: "<|endoftext|>",
    50_258: "<|startoftranscript|>",
    50_259: "<|en|>",
    50_360: "<|transcribe|>",
    50_363: "<|nospeech|>",
    50_364: "<|notimestamps|>",
}
START = [50_258, 50_259, 50_360, 50_364]


@dataclass(frozen=True)
class Shape:
    """The numbers of a Whisper model."""

    width: int
    encoder_layers: int
    decoder_layers: int
    heads: int
    mels: int = 128
    vocabulary: int = 51_866


LARGE_V3_TURBO = Shape(width=1280, encoder_layers=32, decoder_layers=4, heads=20)


class Weights:
    """Made-up numbers of the right size, in half precision."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(7)

    def matrix(self, *shape: int) -> np.ndarray:
        """Small numbers around zero."""
        return (self._random.standard_normal(shape, dtype=np.float32) * 0.02).astype(np.float16)

    def linear(self, spec: Any, outputs: int, inputs: int) -> None:
        """Fill a linear layer."""
        spec.weight, spec.bias = self.matrix(outputs, inputs), np.zeros(outputs, np.float16)

    def norm(self, spec: Any, width: int) -> None:
        """Fill a layer norm."""
        spec.gamma, spec.beta = np.ones(width, np.float16), np.zeros(width, np.float16)

    def attention(self, spec: Any, width: int, sizes: tuple[int, ...]) -> None:
        """Fill an attention layer whose inner matrices are so many widths wide."""
        self.norm(spec.layer_norm, width)
        for linear, size in zip(spec.linear, sizes, strict=True):
            self.linear(linear, size * width, width)

    def feed_forward(self, spec: Any, width: int) -> None:
        """Fill the layer between attentions."""
        self.norm(spec.layer_norm, width)
        self.linear(spec.linear_0, 4 * width, width)
        self.linear(spec.linear_1, width, 4 * width)


def make(folder: Path, shape: Shape) -> Path:
    """Write the model in CTranslate2's format."""
    spec = WhisperSpec(shape.encoder_layers, shape.heads, shape.decoder_layers, shape.heads)
    fill, width = Weights(), shape.width
    encoder, decoder = spec.encoder, spec.decoder
    for conv, inputs in ((encoder.conv1, shape.mels), (encoder.conv2, width)):
        conv.weight, conv.bias = fill.matrix(width, inputs, 3), np.zeros(width, np.float16)
    encoder.position_encodings.encodings = fill.matrix(FRAMES // 2, width)
    decoder.position_encodings.encodings = fill.matrix(448, width)
    decoder.scale_embeddings = False
    decoder.embeddings.weight = fill.matrix(shape.vocabulary, width)
    decoder.projection.weight = decoder.embeddings.weight
    for norm in (encoder.layer_norm, decoder.layer_norm):
        fill.norm(norm, width)
    for layer in encoder.layer:
        fill.attention(layer.self_attention, width, (3, 1))
        fill.feed_forward(layer.ffn, width)
    for layer in decoder.layer:
        fill.attention(layer.self_attention, width, (3, 1))
        fill.attention(layer.attention, width, (1, 2, 1))
        fill.feed_forward(layer.ffn, width)
    spec.config.add_attribute("suppress_ids", [])
    spec.config.add_attribute("suppress_ids_begin", [])
    spec.config.add_attribute("lang_ids", list(range(50_259, 50_359)))
    spec.config.add_attribute("alignment_heads", [])
    spec.register_vocabulary([SPECIAL.get(number, f"<{number}>") for number in range(shape.vocabulary)])
    spec.validate()
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    return folder


def measure(folder: Path, shape: Shape, device: str, windows: int = 8) -> dict[str, float]:
    """Return seconds of work a second of sound, one window at a time and several at once."""
    kind = "float16" if device == "cuda" else "float32"
    model = ctranslate2.models.Whisper(str(folder), device=device, compute_type=kind)
    figures: dict[str, float] = {}
    for batch in (1, windows):
        sound = np.random.default_rng(1).standard_normal((batch, shape.mels, FRAMES), dtype=np.float32)
        features = ctranslate2.StorageView.from_array(sound)
        for _ in range(2):  # once for warmth, once for time
            begun = time.monotonic()
            model.generate(features, [START] * batch, beam_size=5, max_length=TOKENS_A_WINDOW, suppress_blank=False)
        spent = time.monotonic() - begun
        figures[f"real_time_factor_of_{batch}"] = round(spent / (batch * WINDOW_SECONDS), 5)
    return figures
