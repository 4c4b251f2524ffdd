"""The GPU script's own parts: it skips with a reason, counts weights rightly, and makes models that load."""

import json
import os
import subprocess
import sys

import pytest

from tests.gpu import sizes, whisper


def run(tmp_path, **environ):
    command = [sys.executable, "-m", "tests.gpu"]
    return subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, check=False)


def test_without_a_gpu_it_says_why_and_is_content(tmp_path):
    ended = run(tmp_path, PATH=str(tmp_path))
    assert ended.returncode == 0
    assert "no NVIDIA GPU" in json.loads(ended.stdout)["skipped"]


def test_a_gpu_that_the_driver_does_not_find_is_a_reason_too(tmp_path):
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'No devices were found' >&2; exit 6\n")
    program.chmod(0o755)
    ended = run(tmp_path, PATH=f"{tmp_path}:/usr/bin:/bin")
    assert ended.returncode == 0
    assert "No devices were found" in json.loads(ended.stdout)["skipped"]


@pytest.mark.parametrize(("name", "billions"), [("7b", 7.07), ("14b", 13.99)])
def test_a_size_has_as_many_weights_as_its_name_says(name, billions):
    size = next(size for size in sizes.SIZES if size.name == name)
    assert size.weights_read_a_token / 1e9 == pytest.approx(billions, rel=0.01)


@pytest.mark.parametrize(
    ("gpu", "bandwidth"),
    [
        ("NVIDIA H200", 4.8e12),
        ("NVIDIA A100-SXM4-40GB", 1.555e12),
        ("NVIDIA A100-SXM4-80GB", 2.04e12),
        ("NVIDIA L40S", 0.864e12),
        ("NVIDIA L4", 0.3e12),
        ("NVIDIA GeForce GTX 750", None),
    ],
)
def test_the_bandwidth_is_found_by_the_name(gpu, bandwidth):
    assert sizes.bandwidth_of(gpu) == bandwidth


def test_the_limit_is_the_bandwidth_over_the_bytes_of_the_weights():
    limit = sizes.tokens_per_second_at_best(sizes.SIZES[1], 4.8e12)
    assert limit == pytest.approx(171, rel=0.02)


def test_a_speech_model_with_made_up_weights_loads_and_is_measured(tmp_path):
    shape = whisper.Shape(width=64, encoder_layers=1, decoder_layers=1, heads=2)
    figures = whisper.measure(whisper.make(tmp_path, shape), shape, "cpu", windows=2)
    assert set(figures) == {"real_time_factor_of_1", "real_time_factor_of_2"}
    assert all(value > 0 for value in figures.values())
