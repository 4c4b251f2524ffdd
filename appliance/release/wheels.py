"""The Python part of a bundle: wheels for the server's Python, exactly those of the lock file, and our own."""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.release.problems import BuildError
from appliance.release.running import run

PYTHON: Final = "3.13"
# Debian 13 has glibc 2.41: every wheel for that or older runs there.
GLIBC_MINORS: Final = range(5, 42)
OLD_NAMES: Final = ("manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64")
PLATFORMS: Final = (*(f"manylinux_2_{minor}_x86_64" for minor in GLIBC_MINORS), *OLD_NAMES)
LOCK: Final = "requirements-server.lock"
VLLM_LOCK: Final = "requirements-server-vllm.lock"
PARTS_OF_THE_PRODUCT: Final = ("appliance", "webapp", "inference", "backups", "monitoring")
BESIDE_THEM: Final = ("pyproject.toml", "README.md", "LICENSE")
LEFT_OUT: Final = ("__pycache__", "node_modules", "*.pyc", "*.egg-info")
# What a build is made of decides its bytes, never the hour of the build.
EPOCH: Final = {"SOURCE_DATE_EPOCH": "1577836800"}
PIP: Final = ("-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet")


@dataclass(frozen=True)
class Requirement:
    """One line of the lock file: a package, its version, and the hashes that its files may have."""

    name: str
    version: str
    hashes: frozenset[str]
    lines: str


@dataclass(frozen=True)
class Wheel:
    """One wheel of the bundle; `origin` is the SHA-256 of the source that it was built from, if it was built here."""

    name: str
    version: str
    path: Path
    sha256: str
    origin: str | None = None

    @property
    def pinned(self) -> str:
        """The line of the bundle's own lock file."""
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_lock(path: Path) -> Iterator[Requirement]:
    """Go through the requirements of a lock file with hashes."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BuildError(f"The lock file cannot be read: {path}.", "Run this in a checkout; `make lock`.") from error
    for block in re.split(r"(?m)^(?=[A-Za-z0-9])", text)[1:]:
        name, version = block.split()[0].split("==")
        yield Requirement(name, version, frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", block)), block)


def collect(lock: Path, cache: Path) -> list[Wheel]:
    """Return a wheel for every requirement, fetching and building only what the cache has not."""
    store = cache / "wheels"
    store.mkdir(parents=True, exist_ok=True)
    requirements = list(read_lock(lock))
    known = {sha256_of(path): path for path in sorted(store.iterdir(), reverse=True) if path.is_file()}
    missing = [requirement for requirement in requirements if not requirement.hashes & known.keys()]
    if missing:
        _fetch(missing, store)
        known = {sha256_of(path): path for path in sorted(store.iterdir(), reverse=True) if path.is_file()}
    return [_wheel(requirement, known, cache / "built") for requirement in requirements]


def _fetch(requirements: list[Requirement], store: Path) -> None:
    """Fetch files for the server's Python; pip compares each with the hashes of the lock."""
    with tempfile.TemporaryDirectory(prefix="ostrov-wheels-") as folder:
        part = Path(folder) / "part.lock"
        part.write_text("".join(requirement.lines for requirement in requirements), encoding="utf-8")
        platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
        target = ("--python-version", PYTHON, "--implementation", "cp", "--abi", f"cp{PYTHON.replace('.', '')}")
        command = [sys.executable, *PIP, "download", "--require-hashes", "--no-deps", "--no-build-isolation"]
        command += [*target, "--abi", "abi3", "--abi", "none", *platforms, "-d", str(store), "-r", str(part)]
        run(command, "Fetching wheels", "Is the package index reachable? Then start again; what is here is kept.")


def _wheel(requirement: Requirement, known: Mapping[str, Path], built: Path) -> Wheel:
    """Return the wheel of a requirement, built from its source when that is all there is."""
    fitting = {sha256: known[sha256] for sha256 in requirement.hashes & known.keys()}
    for sha256, path in sorted(fitting.items()):
        if path.suffix == ".whl":
            return Wheel(requirement.name, requirement.version, path, sha256)
    if not fitting:
        raise BuildError(f"{requirement.name} {requirement.version} could not be had.", "Run `make lock`, then again.")
    sha256, source = next(iter(fitting.items()))
    path = _built(source, built / sha256)
    return Wheel(requirement.name, requirement.version, path, sha256_of(path), sha256)


def _built(source: Path, folder: Path) -> Path:
    """Build a pure Python wheel from source, once."""
    if not any(folder.glob("*.whl")):
        folder.mkdir(parents=True, exist_ok=True)
        _build(source, folder)
    (path,) = folder.glob("*.whl")
    if not path.name.endswith("-none-any.whl"):
        raise BuildError(f"{source.name} is not pure Python, so it cannot be built here.", "Ask for its wheels.")
    return path


def _build(source: Path, folder: Path) -> None:
    """Let pip build one wheel with what is installed, without network."""
    command = [sys.executable, *PIP, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--no-cache-dir"]
    run(
        [*command, "-w", folder, source], f"Building the wheel of {source.name}", "Run `make setup`.", environment=EPOCH
    )


def our_wheel(root: Path, version: str, folder: Path) -> Wheel:
    """Build the product's own wheel from a copy of the checkout, under the version that the bundle gets."""
    copy = folder / "source"
    for part in PARTS_OF_THE_PRODUCT:
        if (root / part).is_dir():
            shutil.copytree(root / part, copy / part, ignore=shutil.ignore_patterns(*LEFT_OUT))
    for name in BESIDE_THEM:
        shutil.copy2(root / name, copy / name)
    project = copy / "pyproject.toml"
    text = re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', project.read_text(encoding="utf-8"), count=1)
    project.write_text(text, encoding="utf-8")
    _build(copy, folder)
    (path,) = folder.glob("*.whl")
    return Wheel("ostrov", version, path, sha256_of(path))
