"""The sizes of the models that production runs, and how fast a GPU could be with them at best."""

from __future__ import annotations

from dataclasses import dataclass

BYTES_A_WEIGHT = 2  # bfloat16
GOAL_SHARE = 0.6  # of the limit; others measured 0.77 for 8 B on an A100
# Memory bandwidth in bytes a second, by a part of the name that nvidia-smi prints; the longer name decides.
BANDWIDTHS = {
    "B200": 8.0e12,
    "H200": 4.8e12,
    "H100 NVL": 3.9e12,
    "H100 PCIe": 2.0e12,
    "H100": 3.35e12,
    "A100-SXM4-40GB": 1.555e12,
    "A100-PCIE-40GB": 1.555e12,
    "A100": 2.04e12,
    "L40S": 0.864e12,
    "L40": 0.864e12,
    "L4": 0.3e12,
    "A10": 0.6e12,
    "RTX 5090": 1.79e12,
    "RTX 4090": 1.008e12,
    "RTX 6000 Ada": 0.96e12,
}


@dataclass(frozen=True)
class Size:
    """A language model of the Qwen2 family by its numbers."""

    name: str
    hidden: int
    layers: int
    heads: int
    key_value_heads: int
    inner: int
    vocabulary: int = 152_064

    def config(self) -> dict[str, object]:
        """The `config.json` that vLLM reads; the weights are made up when it loads."""
        return {
            "architectures": ["Qwen2ForCausalLM"],
            "model_type": "qwen2",
            "hidden_size": self.hidden,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.key_value_heads,
            "intermediate_size": self.inner,
            "vocab_size": self.vocabulary,
            "max_position_embeddings": 32_768,
            "rms_norm_eps": 1e-6,
            "rope_theta": 1_000_000.0,
            "hidden_act": "silu",
            "tie_word_embeddings": False,
            "torch_dtype": "bfloat16",
            "bos_token_id": 151_643,
            "eos_token_id": 151_645,
        }

    @property
    def weights_read_a_token(self) -> int:
        """How many weights one new token needs: all but the table of input words."""
        width = self.hidden // self.heads
        attention = self.hidden * (2 * self.hidden + 2 * self.key_value_heads * width)
        return self.layers * (attention + 3 * self.hidden * self.inner) + self.vocabulary * self.hidden


SIZES = (
    Size("7b", hidden=3584, layers=28, heads=28, key_value_heads=4, inner=18_944),
    Size("14b", hidden=5120, layers=48, heads=40, key_value_heads=8, inner=13_824),
)


def bandwidth_of(gpu: str) -> float | None:
    """Return the memory bandwidth of a GPU by its name, None for one that the table lacks."""
    known = [name for name in sorted(BANDWIDTHS, key=len, reverse=True) if name.lower() in gpu.lower()]
    return BANDWIDTHS[known[0]] if known else None


def tokens_per_second_at_best(size: Size, bandwidth: float) -> float:
    """Return the limit of one conversation alone: every weight is read once a token."""
    return bandwidth / (size.weights_read_a_token * BYTES_A_WEIGHT)
