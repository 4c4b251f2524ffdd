"""The gateway refuses to start when its settings would leak or open it."""

import os
import subprocess
import sys

import pytest

COMMAND = [
    sys.executable,
    "-c",
    "from appliance.settings import *; from inference.gateway.server import run;run(read(GatewaySettings))",
]


def start(tmp_path, **changes):
    environ = {**os.environ, "OSTROV_HOME": str(tmp_path), "OSTROV_GATEWAY_KEY": "k" * 20, **changes}
    return subprocess.run(COMMAND, env=environ, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("OSTROV_LLM_URL", "http://8.8.8.8"), ("OSTROV_EMBED_URL", "http://1.1.1.1:80"), ("OSTROV_GATEWAY_KEY", "short")],
)
def test_a_dangerous_setting_ends_the_start_with_a_sentence_that_names_it(tmp_path, setting, value):
    ended = start(tmp_path, **{setting: value})
    assert ended.returncode == 2
    assert setting in ended.stderr
    assert "Traceback" not in ended.stderr
