"""Before anything starts, refusals name the cause and the remedy."""

import os
import shutil
import socket
from pathlib import Path

import pytest

from appliance.demo import preflight
from appliance.demo.units import Fatal


def test_a_taken_port_is_refused_with_its_holder_and_the_setting():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(Fatal, match=f"Port {port} is taken by .*process {os.getpid()}") as refusal:
            preflight.check_ports({"OSTROV_WEB_PORT": port})
    assert "OSTROV_WEB_PORT=" in refusal.value.remedy


def test_free_ports_pass_and_the_same_port_twice_does_not():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    preflight.check_ports({"OSTROV_WEB_PORT": port})
    with pytest.raises(Fatal, match="OSTROV_LLM_PORT and OSTROV_WEB_PORT are both"):
        preflight.check_ports({"OSTROV_WEB_PORT": port, "OSTROV_LLM_PORT": port})


def test_a_disk_that_is_too_small_is_refused_with_both_numbers(tmp_path: Path):
    with pytest.raises(Fatal, match=r"GB free; 10000000\.0 GB are needed") as refusal:
        preflight.check_disk({tmp_path / "not" / "yet": 10**16})
    assert "OSTROV_HOME" in refusal.value.remedy


def test_what_lies_on_one_disk_is_added_up(tmp_path: Path):
    free = shutil.disk_usage(tmp_path).free
    preflight.check_disk({tmp_path: free // 2})
    with pytest.raises(Fatal):
        preflight.check_disk({tmp_path / "state": free * 2 // 3, tmp_path / "cache": free * 2 // 3})
