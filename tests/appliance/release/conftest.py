"""Small bundles that are signed with real keys, and what a server needs to judge them."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.release import signing, writing
from appliance.release.manifest import Release, compose

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
needs_debian = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("dpkg-deb", "dpkg", "gpg", "gpgv", "apt-get")),
    reason="dpkg, apt and gnupg are not installed here",
)
CONTENT = {
    "wheels/ostrov-1.0.0-py3-none-any.whl": b"wheel" * 300,
    "wheels/requirements.lock": b"ostrov==1.0.0\n",
    "apt/Packages": b"",
    f"licences/python/{'long-' * 30}name/LICENSE": b"as it is",
    "sbom.cdx.json": b"{}",
}


def make_key(folder: Path, name: str, kind: str = "ed25519") -> Path:
    """Make a key pair without a passphrase; return the private half."""
    path = folder / name
    command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def trust(path: Path, *keys: Path) -> Path:
    """Write an allowed_signers file for public keys."""
    lines = [f'{key.name} namespaces="ostrov-bundle" {key.with_suffix(".pub").read_text()}' for key in keys]
    path.write_text("".join(lines))
    return path


def make_deb(folder: Path, name: str, version: str, depends: str = "") -> Path:
    tree = folder / "trees" / f"{name}-{version.replace(':', '_')}"
    (tree / "DEBIAN").mkdir(parents=True)
    control = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: A <a@example.test>\n"
    control += f"Depends: {depends}\n" if depends else ""
    (tree / "DEBIAN/control").write_text(control + f"Description: {name}\n for a test\n")
    (tree / "usr/share/doc" / name).mkdir(parents=True)
    (tree / "usr/share/doc" / name / "copyright").write_text(f"copyright of {name}")
    target = folder / "debs" / f"{name}_{version.replace(':', '%3a')}_all.deb"
    target.parent.mkdir(exist_ok=True)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", str(tree), str(target)], check=True, capture_output=True)
    return target


def tiny_source(cache: Path) -> str:
    """Put the source of a tiny package into the cache of wheels; return the lock that asks for it."""
    source = cache / "tiny-1.0"
    (source / "tiny").mkdir(parents=True)
    (source / "tiny/__init__.py").write_text("size = 'tiny'\n")
    (source / "setup.py").write_text(
        "from setuptools import setup\nsetup(name='tiny', version='1.0', packages=['tiny'])\n"
    )
    command = [sys.executable, "setup.py", "-q", "sdist", "-d", str(cache / "wheels")]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (archive,) = (cache / "wheels").glob("*.tar.gz")
    return f"tiny==1.0 \\\n    --hash=sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}\n"


@dataclass(frozen=True)
class Maker:
    """Makes bundles in a folder; `key` signs unless another is given."""

    folder: Path
    key: Path
    signers: Path

    def manifest(self, content: Mapping[str, bytes], version: str = "1.0.0", **changes: Any) -> bytes:
        """Compose the manifest of some content; `changes` replace its fields."""
        files = self._laid_out(content)
        described = writing.entries(files)
        release = Release("ostrov", version, "0.9.0", "0.9.0")
        dates = (NOW - timedelta(days=1), NOW + timedelta(days=100))
        text = compose(release, dates, signing.key_id(self.key), described, parts={"models": False})
        return json.dumps(json.loads(text) | changes).encode() if changes else text

    def bundle(
        self,
        content: Mapping[str, bytes] = CONTENT,
        *,
        manifest: bytes | None = None,
        signature: bytes | None = None,
        **more: Any,
    ) -> Path:
        """Write a bundle, rightly signed unless another manifest or signature is given."""
        described = manifest if manifest is not None else self.manifest(content, **more)
        signed = signature if signature is not None else signing.sign(described, self.key)
        target = self.folder / "made.bundle"
        writing.write(target, described, signed, self._laid_out(content))
        return target

    def _laid_out(self, content: Mapping[str, bytes]) -> dict[str, Path]:
        """Write content to the disk; return its files by their paths in the bundle."""
        files = {}
        for path, data in content.items():
            files[path] = self.folder / "content" / path
            files[path].parent.mkdir(parents=True, exist_ok=True)
            files[path].write_bytes(data)
        return files


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    key = make_key(tmp_path, "builder")
    return Maker(tmp_path, key, trust(tmp_path / "allowed_signers", key))


@pytest.fixture
def remember(tmp_path: Path) -> Callable[..., Path]:
    """Write the state of a server."""

    def write(installed: str | None, **highest: str) -> Path:
        path = tmp_path / "state.json"
        path.write_text(json.dumps({"format": 1, "installed": installed, "highest": highest}))
        return path

    return write
