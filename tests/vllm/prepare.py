"""What `make test-vllm` needs, made once and kept in build/: vLLM's own environment, and a model that it can serve."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from appliance.modelstore import describing, manifest
from appliance.modelstore.commands import open_assembly
from appliance.modelstore.packages import find, load
from appliance.modelstore.store import InstalledModel, ModelStore
from appliance.offline import offline_environment

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
VENV = BUILD / "vllm-venv"
GIVEN = os.environ.get("OSTROV_VLLM_PYTHON")
PYTHON = Path(GIVEN) if GIVEN else VENV / "bin" / "python"
STORE = BUILD / "vllm-models"
LOCK = "requirements-vllm.lock"


def say(text: str) -> None:
    """Write one line of progress."""
    sys.stdout.write(f"  {text}\n")
    sys.stdout.flush()


def environment() -> None:
    """Install vLLM's CPU wheel and what it needs, by hash. The lock leaves out three packages that would break it."""
    if GIVEN:
        say(f"using the vLLM of {GIVEN}")
        return
    bootstrap = ROOT / "appliance" / "demo" / "bootstrap.py"
    subprocess.run([sys.executable, "-I", str(bootstrap), "--lock", LOCK, "--into", str(VENV)], check=True)


def model() -> InstalledModel:
    """Return the small packaged model as safetensors, out of a store of its own; converted when it is not there."""
    assembly, packaged = open_assembly(), find(load(), "chat", "small")
    store = ModelStore(STORE)
    name, version = f"{packaged.name}-bf16", packaged.manifest.version
    here = [found for found in store.models() if (found.name, found.version) == (name, version)]
    if here:
        return here[0]
    say(f"assembling {packaged.title}")
    source = assembly.ensure(packaged).path
    work = BUILD / "vllm-conversion"
    say("turning it into safetensors (about a minute and a half)")
    converter = Path(__file__).with_name("convert.py")
    subprocess.run(
        [str(PYTHON), str(converter), str(source), str(work)], env=offline_environment(os.environ), check=True
    )
    fields = {"name": name, "version": version, "role": "chat", "licence": packaged.manifest.licence}
    found = describing.describe(work, {**fields, "source": f"{packaged.manifest.source}, widened to bfloat16"})
    (work / manifest.MANIFEST).write_text(manifest.as_toml(found), encoding="utf-8")
    say("importing it into a store of models")
    return store.import_from(work)
