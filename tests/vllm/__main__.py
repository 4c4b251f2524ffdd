"""`python -m tests.vllm`: prepare, run the engine suite against vLLM, print the figures as JSON."""

from __future__ import annotations

import sys

import pytest

from tests.vllm import prepare

FIGURES = prepare.BUILD / "vllm-figures.json"


def main() -> int:
    """Prepare what is missing, then run the suite; the exit code is pytest's."""
    prepare.environment()
    prepare.model()
    FIGURES.unlink(missing_ok=True)
    code = pytest.main(["tests/vllm", "-m", "vllm", "-v", "-n0", *sys.argv[1:]])
    if FIGURES.exists():
        sys.stdout.write(FIGURES.read_text())
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
