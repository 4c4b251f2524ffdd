"""How fast vLLM writes with made-up weights: `python decode.py CONFIG_FOLDER`, in vLLM's environment. Prints JSON."""

import json
import sys
import time

from vllm import LLM, SamplingParams

NEW_TOKENS = 256
PROMPT_TOKENS = 512
TOGETHER = (1, 32)


def main() -> None:
    """Write with one conversation, then with many at a time."""
    started = time.monotonic()
    model = LLM(
        sys.argv[1], load_format="dummy", skip_tokenizer_init=True, max_model_len=2048, gpu_memory_utilization=0.85
    )
    figures: dict[str, float] = {"start_seconds": round(time.monotonic() - started, 1)}
    sampling = SamplingParams(max_tokens=NEW_TOKENS, ignore_eos=True, temperature=0.0, detokenize=False)
    for together in TOGETHER:
        prompts = [{"prompt_token_ids": [100 + one] * PROMPT_TOKENS} for one in range(together)]
        model.generate(prompts, sampling, use_tqdm=False)  # once for warmth, once for time
        begun = time.monotonic()
        answers = model.generate(prompts, sampling, use_tqdm=False)
        written = sum(len(answer.outputs[0].token_ids) for answer in answers)
        figures[f"tokens_per_second_of_{together}"] = round(written / (time.monotonic() - begun), 1)
    sys.stdout.write("\n" + json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
