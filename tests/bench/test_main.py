"""The benchmarks tell what they can measure and say nothing else."""

import os
import subprocess
import sys


def test_the_parts_are_told_and_nothing_else_is_said():
    environ = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    command = [sys.executable, "-m", "tests.bench", "--help"]
    asked = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (asked.returncode, asked.stderr) == (0, "")
    assert "anonymiser" in asked.stdout
