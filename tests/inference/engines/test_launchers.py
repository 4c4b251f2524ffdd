"""Launchers are pure: from settings to a command line, an environment without a way out, addresses and resources."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from appliance.modelstore.store import ModelStore
from appliance.offline import SWITCHES
from inference.engines.commands import LAUNCHERS, plan_of
from inference.engines.plan import NoModel
from tests.appliance.modelstore.weights import ctranslate2, folder_of, gguf, safetensors
from tests.driving import OSTROV, free_port

SPEECH = {"model.bin": ctranslate2(), "config.json": b"{}", "tokenizer.json": b"{}"}
FOLDER = {"model.safetensors": safetensors(), "config.json": b'{"model_type": "qwen2"}', "tokenizer_config.json": b"{}"}


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


@pytest.fixture
def environ(tmp_path: Path, store: ModelStore) -> dict[str, str]:
    """An environment in which every role has a model of the store, and a proxy lies in wait."""
    for name, files, fields in (
        ("talk", {"m.gguf": gguf()}, {"engine": {"context_tokens": 4096, "parallel": 7}}),
        ("hear", SPEECH, {"role": "speech", "format": "ctranslate2", "engine": {"languages": "ru"}}),
        ("find", FOLDER, {"role": "embed", "format": "safetensors", "engine": {"context_tokens": 256}}),
    ):
        model = store.import_from(folder_of(tmp_path / name, files, name=name, **fields))
        store.use(model.role, model.key)
    return {"OSTROV_HOME": str(tmp_path), "PATH": "/bin", "HTTPS_PROXY": "http://proxy:1", "all_proxy": "socks://x"}


def use_folder(store: ModelStore, tmp_path: Path) -> None:
    """Let a folder of safetensors serve chat, as vLLM needs it."""
    store.import_from(folder_of(tmp_path / "big", FOLDER, name="big", format="safetensors"))
    store.use("chat", "big@1")


@pytest.mark.parametrize("name", LAUNCHERS)
def test_every_engine_is_offline_on_loopback_and_tells_where_it_answers(environ, store, tmp_path, name):
    if name == "vllm-chat":
        use_folder(store, tmp_path)
    plan = plan_of(name, environ)
    assert {switch: plan.environment[switch] for switch in SWITCHES} == dict(SWITCHES)
    assert not {key for key in plan.environment if key.lower() in {"https_proxy", "http_proxy", "all_proxy"}}
    assert plan.readiness_url == f"http://127.0.0.1:{plan.port}/health"
    assert plan.metrics_url == f"http://127.0.0.1:{plan.port}/metrics"
    assert plan.resources.memory_megabytes > 0
    assert plan == plan_of(name, environ)


def test_the_model_of_the_store_serves_with_its_options(environ):
    plan = plan_of("llm", environ)
    assert plan.environment["OSTROV_LLM_MODEL"].endswith("models/talk/1/m.gguf")
    assert plan.environment["OSTROV_LLM_CONTEXT_TOKENS"] == "4096"
    assert plan.environment["OSTROV_LLM_PARALLEL"] == "7"
    assert plan_of("speech", environ).environment["OSTROV_SPEECH_LANGUAGES"] == "ru"


def test_a_setting_of_the_environment_goes_before_an_option_of_the_manifest(environ):
    plan = plan_of("llm", {**environ, "OSTROV_LLM_PARALLEL": "3"})
    assert (plan.environment["OSTROV_LLM_PARALLEL"], plan.environment["OSTROV_LLM_CONTEXT_TOKENS"]) == ("3", "4096")


def test_a_model_that_is_set_goes_before_the_chosen_one(environ, tmp_path):
    own = tmp_path / "own.gguf"
    own.write_bytes(gguf())
    plan = plan_of("llm", {**environ, "OSTROV_LLM_MODEL": str(own)})
    assert plan.weights == own
    assert plan.environment["OSTROV_LLM_PARALLEL"] == "2"


@pytest.mark.parametrize("name", ["llm", "speech", "vllm-chat", "vllm-embed"])
def test_without_a_model_the_setting_and_the_command_are_named(tmp_path, name):
    with pytest.raises(NoModel, match=r"`ostrov models use`, or point OSTROV_\w+_MODEL"):
        plan_of(name, {"OSTROV_HOME": str(tmp_path)})


def argument(command: tuple[str, ...], option: str) -> str:
    return command[command.index(option) + 1]


def test_vllm_chat_is_told_all_that_it_needs(environ, store, tmp_path):
    use_folder(store, tmp_path)
    more = {"OSTROV_VLLM_PYTHON": "/opt/vllm/bin/python", "OSTROV_VLLM_TENSOR_PARALLEL": "2"}
    plan = plan_of("vllm-chat", {**environ, **more})
    assert plan.command[:3] == ("/opt/vllm/bin/python", "-m", "vllm.entrypoints.openai.api_server")
    assert argument(plan.command, "--host") == "127.0.0.1"
    assert argument(plan.command, "--model") == str(plan.weights) == str(tmp_path / "models" / "big" / "1")
    assert argument(plan.command, "--served-model-name") == "big-1"
    assert argument(plan.command, "--tool-call-parser") == "hermes"
    assert argument(plan.command, "--load-format") == "safetensors"
    assert argument(plan.command, "--gpu-memory-utilization") == "0.8"
    assert (plan.resources.gpu_share, plan.resources.gpus) == (0.8, 2)
    assert "--trust-remote-code" not in plan.command
    assert plan.environment["VLLM_HOST_IP"] == "127.0.0.1"


def test_vllm_without_a_gpu_asks_for_memory_instead_of_a_share_of_a_gpu(environ, store, tmp_path):
    use_folder(store, tmp_path)
    plan = plan_of("vllm-chat", {**environ, "OSTROV_VLLM_DEVICE": "cpu", "OSTROV_VLLM_CPU_CACHE_GIGABYTES": "3"})
    assert "--gpu-memory-utilization" not in plan.command
    assert plan.environment["VLLM_CPU_KVCACHE_SPACE"] == "3"
    assert (plan.resources.gpus, plan.resources.memory_megabytes) == (0, 4000 + 3072)


def test_an_unknown_device_is_refused_by_name(environ):
    with pytest.raises(NoModel, match="OSTROV_VLLM_DEVICE"):
        plan_of("vllm-embed", {**environ, "OSTROV_VLLM_DEVICE": "tpu"})


def test_vllm_embeddings_are_a_pooling_model(environ):
    plan = plan_of("vllm-embed", environ)
    assert argument(plan.command, "--runner") == "pooling"
    assert argument(plan.command, "--max-model-len") == "256"


def run(name: str, *options: str, **environ: str) -> subprocess.CompletedProcess[str]:
    ports = {f"OSTROV_{role}_PORT": str(free_port()) for role in ("LLM", "EMBED", "SPEECH")}
    given = {**os.environ, **ports, **environ}
    return subprocess.run([*OSTROV, "engine", name, *options], env=given, capture_output=True, text=True, check=False)


def test_a_plan_can_be_shown_and_shows_no_secret(environ):
    shown = run("llm", "--plan", **{**environ, "PATH": os.environ["PATH"]}, OSTROV_GATEWAY_KEY="a-secret-key")
    plan = json.loads(shown.stdout)
    assert (plan["engine"], plan["role"]) == ("llama.cpp", "chat")
    assert "all_proxy" in plan["removed_from_environment"]
    assert "a-secret-key" not in shown.stdout


@pytest.mark.parametrize("name", ["llm", "speech", "vllm-embed"])
def test_one_flipped_bit_ends_the_start_of_every_engine_with_the_name_of_the_file(environ, store, name):
    role = {"llm": "chat", "speech": "speech", "vllm-embed": "embed"}[name]
    model = store.active(role)
    path = model.folder / model.manifest.weights[0].name
    data, times = bytearray(path.read_bytes()), path.stat()
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    ended = run(name, **{**environ, "PATH": os.environ["PATH"]})
    assert ended.returncode == 2
    assert path.name in ended.stderr
    assert "checksum" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_python_that_is_not_there_is_told_by_its_setting(environ):
    ended = run("vllm-embed", **{**environ, "PATH": os.environ["PATH"]}, OSTROV_VLLM_PYTHON="/nonexistent/python")
    assert ended.returncode == 2
    assert "OSTROV_VLLM_PYTHON" in ended.stderr


def test_a_model_over_several_machines_goes_over_ray_and_the_interface_between_them(environ, store, tmp_path):
    use_folder(store, tmp_path)
    ray = {"OSTROV_RAY_ADDRESS": "192.0.2.14:6379", "OSTROV_RAY_INTERFACE": "enp2s0"}
    spread = {"OSTROV_VLLM_TENSOR_PARALLEL": "4", "OSTROV_VLLM_PIPELINE_PARALLEL": "2"}
    plan = plan_of("vllm-chat", {**environ, **spread, **ray})
    words = " ".join(plan.command)
    assert "--tensor-parallel-size 4 --pipeline-parallel-size 2 --distributed-executor-backend ray" in words
    assert plan.environment["NCCL_SOCKET_IFNAME"] == "enp2s0"
    assert plan.environment["VLLM_HOST_IP"] == "192.0.2.14"
    assert plan.environment["RAY_USAGE_STATS_ENABLED"] == "0"
    with pytest.raises(NoModel, match="OSTROV_RAY_ADDRESS"):
        plan_of("vllm-chat", {**environ, **spread})


def test_a_model_on_one_machine_needs_no_ray_and_stays_on_loopback(environ, store, tmp_path):
    use_folder(store, tmp_path)
    plan = plan_of("vllm-chat", {**environ, "OSTROV_VLLM_TENSOR_PARALLEL": "4"})
    assert "ray" not in plan.command
    assert plan.environment["NCCL_SOCKET_IFNAME"] == "lo"
