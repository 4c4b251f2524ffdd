"""`make test-gpu`: what must be checked where an NVIDIA GPU is at hand. Prints JSON; skips with a reason elsewhere.

Python with vLLM: OSTROV_VLLM_PYTHON, else this one. Parts: `suite` (every engine's tests against vLLM on the GPU),
`decode` (7 and 14 B sized models with made-up weights against the limit of the memory), `speech` (a model of the
size of Whisper large-v3-turbo, likewise).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.gpu import sizes, whisper

Figures = dict[str, object]
PYTHON = os.environ.get("OSTROV_VLLM_PYTHON") or sys.executable
ROOT = Path(__file__).resolve().parents[2]


class Skipped(Exception):
    """A part cannot run here; the message says why."""


def find_gpu() -> tuple[str, int]:
    """Return the first GPU's name and memory in MB. Raises Skipped."""
    program = shutil.which("nvidia-smi")
    if program is None:
        raise Skipped("there is no nvidia-smi: this machine has no NVIDIA GPU")
    query = [program, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    asked = subprocess.run(query, capture_output=True, text=True, check=False)
    lines = [line for line in asked.stdout.splitlines() if "," in line]
    if asked.returncode or not lines:
        raise Skipped(f"nvidia-smi finds no GPU: {(asked.stdout + asked.stderr).strip()[:200]}")
    name, _, memory = lines[0].rpartition(",")
    return name.strip(), int(memory)


def require_vllm() -> None:
    """Raise Skipped when vLLM is not installed."""
    found = subprocess.run([PYTHON, "-c", "import vllm"], capture_output=True, text=True, check=False)
    if found.returncode:
        last = found.stderr.strip().splitlines()[-1:]
        raise Skipped(f"{PYTHON} cannot import vllm ({''.join(last)}): install it or set OSTROV_VLLM_PYTHON")


def decode(gpu: str, memory_megabytes: int) -> Figures:
    """Measure how fast models of production size write, against what the memory allows."""
    require_vllm()
    bandwidth, figures = sizes.bandwidth_of(gpu), {}
    for size in sizes.SIZES:
        if size.weights_read_a_token * sizes.BYTES_A_WEIGHT * 1.25 > memory_megabytes * 1e6:
            figures[size.name] = {"skipped": "the weights do not fit this GPU"}
            continue
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "config.json").write_text(json.dumps(size.config()))
            command = [PYTHON, str(Path(__file__).with_name("decode.py")), folder]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(done.stdout.strip().splitlines()[-1])
        if bandwidth:
            limit = sizes.tokens_per_second_at_best(size, bandwidth)
            share = found["tokens_per_second_of_1"] / limit
            found |= {"limit_of_1": round(limit, 1), "share": round(share, 3), "goal_met": share >= sizes.GOAL_SHARE}
        figures[size.name] = found
    return figures


def speech(_gpu: str, _memory_megabytes: int) -> Figures:
    """Measure a speech model of the size that production runs."""
    with tempfile.TemporaryDirectory() as folder:
        whisper.make(Path(folder), whisper.LARGE_V3_TURBO)
        return dict(whisper.measure(Path(folder), whisper.LARGE_V3_TURBO, "cuda"))


def suite(_gpu: str, _memory_megabytes: int) -> Figures:
    """Run every engine's tests against vLLM on the GPU, with the small packaged model."""
    require_vllm()
    environ = {**os.environ, "OSTROV_VLLM_PYTHON": PYTHON, "OSTROV_VLLM_DEVICE": "gpu", "OSTROV_VLLM_DTYPE": "bfloat16"}
    ended = subprocess.run([sys.executable, "-m", "tests.vllm"], cwd=ROOT, env=environ, stdout=sys.stderr, check=False)
    return {"passed": ended.returncode == 0}


PARTS: dict[str, Callable[[str, int], Figures]] = {"decode": decode, "speech": speech, "suite": suite}


def main(chosen: list[str]) -> int:
    """Run the parts (all when none is named); 0 when all that could run went well."""
    report: Figures = {}
    try:
        gpu, memory = find_gpu()
    except Skipped as reason:
        sys.stdout.write(json.dumps({"skipped": str(reason)}) + "\n")
        return 0
    report["gpu"], report["memory_megabytes"], failed = gpu, memory, False
    for name in chosen or PARTS:
        try:
            report[name] = PARTS[name](gpu, memory)
        except Skipped as reason:
            report[name] = {"skipped": str(reason)}
        except (subprocess.CalledProcessError, RuntimeError) as error:
            report[name], failed = {"failed": str(error)[:1000]}, True
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    passed = report.get("suite", {})
    return int(failed or (isinstance(passed, dict) and passed.get("passed") is False))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
