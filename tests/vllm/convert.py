"""Turn a GGUF model into safetensors, which vLLM serves: `python convert.py GGUF OUT`, in vLLM's own environment."""

import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig


def main() -> None:
    """Read, widen to bfloat16, write; the tokenizer and its chat template come out of the GGUF file too."""
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    wide = GgufConfig(dequantize=True)
    folder = str(source.parent)
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=source.name, dtype=torch.bfloat16, quantization_config=wide
    )
    AutoTokenizer.from_pretrained(folder, gguf_file=source.name).save_pretrained(target)
    model.save_pretrained(target)


if __name__ == "__main__":
    main()
