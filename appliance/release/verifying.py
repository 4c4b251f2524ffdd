"""Check a bundle before anything of it is used, and unpack it when it is good.

Needs Python 3.11, its standard library, ssh-keygen and `reading.py` beside it, so that a bare server can run it before
anything of the product is there: `python3 verifying.py BUNDLE --signers FILE [--state FILE] [--extract DIR] [--json]`.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final

if __package__:
    from appliance.release import reading
else:  # run as a script, also by `python3 -I`, which does not look beside it by itself
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import reading  # type: ignore[import-not-found,no-redef]

FORMAT: Final = 1
NAMESPACE: Final = "ostrov-bundle"
PRODUCT: Final = "ostrov"
# Clocks of two machines differ by a little; by more, one of them is wrong.
CLOCK_TOLERANCE: Final = timedelta(minutes=10)
EXIT_REFUSED: Final = 3
SIGNATURE_COLUMNS: Final = 70
VERSION: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:(a|b|rc)(\d+))?\Z", re.ASCII)
SHA256: Final = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True)
class Manifest:
    """What the signer says about a bundle; `tables` is the whole of it as parsed."""

    name: str
    version: str
    built_at: datetime
    expires_at: datetime
    min_from: str
    key_id: str
    files: Mapping[str, reading.Entry]
    tables: Mapping[str, Any]


@dataclass(frozen=True)
class State:
    """What this server remembers: the installed version, the highest version it took from each key."""

    installed: str | None
    highest: Mapping[str, str]


@dataclass(frozen=True)
class Verified:
    """A bundle that was found good: its manifest, the fingerprint of the key, where it was unpacked to."""

    manifest: Manifest
    key_id: str
    extracted: Path | None


def version_key(version: str) -> tuple[int, ...]:
    """Return what orders versions (`1.2.3`, `1.2.3rc1`). Raises ValueError for anything else."""
    match = VERSION.match(version)
    if match is None:
        message = f"{version!r} is no version: give three numbers such as 1.2.3, or 1.2.3rc1"
        raise ValueError(message)
    major, minor, patch, stage, number = match.groups()
    return int(major), int(minor), int(patch), ("a", "b", "rc", None).index(stage), int(number or 0)


def spell(signature: bytes) -> bytes:
    """Return the one spelling of a signature that a bundle may have: ssh-keygen takes many. Raises ValueError."""
    begin, end = b"-----BEGIN SSH SIGNATURE-----", b"-----END SSH SIGNATURE-----"
    text = signature.partition(begin)[2].partition(end)[0]
    encoded = base64.b64encode(base64.b64decode(b"".join(text.split()), validate=True))
    lines = (encoded[start : start + SIGNATURE_COLUMNS] for start in range(0, len(encoded), SIGNATURE_COLUMNS))
    return b"\n".join((begin, *lines, end, b""))


def signed_by(manifest: bytes, signature: bytes, signers: Path) -> str:
    """Return the fingerprint of the trusted key that signed a manifest. Raises UntrustedKey, BadSignature."""
    if not signers.is_file() or not os.access(signers, os.R_OK):
        raise reading.Misconfigured(
            f"The trusted keys cannot be read: {signers}.", "Give the allowed_signers file with --signers."
        )
    bad = reading.BadSignature("The signature does not belong to this manifest: one of them was changed.")
    if not _is_spelt_right(signature):
        raise bad
    with tempfile.TemporaryDirectory(prefix="ostrov-verify-") as folder:
        path = Path(folder) / reading.SIGNATURE
        path.write_bytes(signature)
        found = _ssh_keygen(b"", "find-principals", "-s", str(path), "-f", str(signers))
        if found.returncode != 0:
            raise reading.UntrustedKey(
                "The bundle is not signed by a key that this server trusts.",
                f"Ask who built it for their public key; once you trust it, add it to {signers} (ostrov_trusted_keys).",
            )
        identity = found.stdout.decode().splitlines()[0]
        arguments = ("-s", str(path), "-f", str(signers), "-I", identity, "-n", NAMESPACE)
        checked = _ssh_keygen(manifest, "verify", *arguments)
    match = re.search(r"key (SHA256:\S+)", checked.stdout.decode(errors="replace"))
    if checked.returncode != 0 or match is None:
        raise bad
    return match[1]


def _is_spelt_right(signature: bytes) -> bool:
    """Tell whether a signature has the one spelling that it may have."""
    try:
        return spell(signature) == signature
    except ValueError:
        return False


def _ssh_keygen(content: bytes, verb: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run one of OpenSSH's signature verbs on what is given as standard input."""
    program = shutil.which("ssh-keygen")
    if program is None:
        raise reading.Misconfigured("ssh-keygen is not installed.", "Install it: apt install openssh-client")
    command = [program, "-Y", verb, *arguments]
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(command, input=content, capture_output=True, check=False, env=environment)


def parse_manifest(content: bytes) -> Manifest:
    """Read a manifest whose signature is good. Raises UnsupportedFormat, NotABundle, UnsafeMember."""
    try:
        tables = json.loads(content)
        if tables["format"] != FORMAT:
            raise reading.UnsupportedFormat(
                f"The bundle has format {tables['format']!r}, this program reads format {FORMAT}.",
                "Update in steps: first to the newest release that still has this format.",
            )
        files = {
            path: reading.Entry(str(entry["sha256"]), int(entry["size"])) for path, entry in tables["files"].items()
        }
        manifest = Manifest(
            name=tables["name"],
            version=tables["version"],
            built_at=datetime.fromisoformat(tables["built_at"]).astimezone(UTC),
            expires_at=datetime.fromisoformat(tables["expires_at"]).astimezone(UTC),
            min_from=tables["min_from"],
            key_id=tables["key_id"],
            files=files,
            tables=tables,
        )
        version_key(manifest.version), version_key(manifest.min_from)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise reading.NotABundle(f"The manifest cannot be read: {error}.", "Build the bundle again.") from error
    for path, entry in files.items():
        if not reading.is_safe(path) or path in {reading.MANIFEST, reading.SIGNATURE}:
            raise reading.UnsafeMember(
                f"The manifest names {path!r}, which is no plain path.", "Build the bundle again."
            )
        if not SHA256.match(entry.sha256) or entry.size < 0:
            raise reading.NotABundle(f"The manifest describes {path} wrongly.", "Build the bundle again.")
    return manifest


def read_state(path: Path | None) -> State:
    """Read what the server remembers; nothing is remembered before the first install. Raises Misconfigured."""
    if path is None or not path.exists():
        return State(None, {})
    try:
        tables = json.loads(path.read_bytes())
        state = State(tables["installed"], dict(tables["highest"]))
        for version in (*state.highest.values(), *filter(None, [state.installed])):
            version_key(version)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise reading.Misconfigured(
            f"The state of releases cannot be read: {path} ({error}).",
            "It guards against replayed older releases; bring it back from a backup rather than removing it.",
        ) from error
    return state


def judge(manifest: Manifest, key_id: str, state: State, now: datetime, *, allow_older: bool = False) -> None:
    """Refuse a manifest that is rightly signed and still must not be used here, now."""
    if manifest.key_id != key_id:
        raise reading.UntrustedKey(f"The bundle says it is signed by {manifest.key_id}, it is signed by {key_id}.")
    if now + CLOCK_TOLERANCE < manifest.built_at:
        raise reading.ClockBehind(
            f"The bundle was built {manifest.built_at:%Y-%m-%d %H:%M} UTC, this machine's clock says "
            f"{now:%Y-%m-%d %H:%M} UTC.",
            "Set the clock: timedatectl set-time 'YYYY-MM-DD HH:MM:SS', or name a time server.",
        )
    # What is installed already changes nothing when it comes again, however late.
    if manifest.version != state.installed and now > manifest.expires_at:
        raise reading.Expired(
            f"The bundle expired {manifest.expires_at:%Y-%m-%d}; a newer release may be held back from this server.",
            "Get a bundle that was built since.",
        )
    if not allow_older:
        _refuse_older(manifest, key_id, state)
    if state.installed and version_key(state.installed) < version_key(manifest.min_from):
        raise reading.TooFarBehind(
            f"Release {manifest.version} can be reached from {manifest.min_from} on; installed is {state.installed}.",
            f"Update to {manifest.min_from} first.",
        )


def _refuse_older(manifest: Manifest, key_id: str, state: State) -> None:
    """Refuse a version below the highest that was taken from this key, and below the installed one."""
    seen = [version for version in (state.highest.get(key_id), state.installed) if version]
    newest = max(seen, key=version_key, default=None)
    if newest and version_key(manifest.version) < version_key(newest):
        raise reading.OlderThanSeen(
            f"The bundle is release {manifest.version}; this server has had {newest}.",
            "To go back on purpose: ostrov rollback (or --allow-older here).",
        )


def read_signed(stream: IO[bytes], signers: Path) -> tuple[Manifest, str, dict[str, bytes]]:
    """Read the start of a bundle: its manifest, the key that signed it, and both as they stand. Raises Refusal."""
    raw = {
        reading.MANIFEST: reading.read_first(stream, reading.MANIFEST, reading.MANIFEST_MAX_BYTES),
        reading.SIGNATURE: reading.read_first(stream, reading.SIGNATURE, 1 << 16),
    }
    key_id = signed_by(raw[reading.MANIFEST], raw[reading.SIGNATURE], signers)
    return parse_manifest(raw[reading.MANIFEST]), key_id, raw


def verify(
    bundle: Path,
    signers: Path,
    state: Path | None = None,
    *,
    extract: Path | None = None,
    name: str = PRODUCT,
    allow_older: bool = False,
    now: datetime | None = None,
) -> Verified:
    """Read a bundle once, whole; unpack it meanwhile when asked to. Raises Refusal, and then nothing was changed.

    `name` is what the bundle must be: the product, or `ostrov-models`, weights alone, which are no release of it.
    """
    try:
        stream = bundle.open("rb")
    except OSError as error:
        raise reading.NotABundle(f"{bundle} cannot be read: {error.strerror}.", "Give the path of a bundle.") from error
    with stream:
        manifest, key_id, raw = read_signed(stream, signers)
        if manifest.name != name:
            sentence = f"This is a bundle of {manifest.name}, wanted is one of {name}."
            raise reading.NotABundle(sentence, "Give the other file, or say with --name what you want.")
        known = read_state(state) if name == PRODUCT else State(None, {})
        judge(manifest, key_id, known, now or datetime.now(UTC), allow_older=allow_older)
        with reading.unpacking(extract, sum(entry.size for entry in manifest.files.values())) as folder:
            reading.read_members(stream, manifest.files, folder)
            for path, content in raw.items():
                with reading.written(folder, path) as write:
                    write(content)
    return Verified(manifest, key_id, extract)


def answer(
    bundle: Path, signers: Path, state: Path | None, *, extract: Path | None, name: str, allow_older: bool
) -> tuple[int, dict[str, str]]:
    """Verify for a command: return its exit code (0 is good, 3 is refused) and what a program is told."""
    try:
        good = verify(bundle, signers, state, extract=extract, name=name, allow_older=allow_older)
    except reading.Refusal as refusal:
        told = {"code": refusal.code, "sentence": refusal.sentence, "remedy": refusal.remedy}
        return EXIT_REFUSED, {"verdict": "refused", **told}
    return 0, {"verdict": "good", "name": good.manifest.name, "version": good.manifest.version, "key_id": good.key_id}


def main() -> int:
    """Verify from the command line."""
    parser = argparse.ArgumentParser(description="Check a signed bundle, and unpack it when it is good.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--signers", type=Path, required=True, help="the trusted keys, as ssh's allowed_signers")
    parser.add_argument("--state", type=Path, help="what this server remembers of releases")
    parser.add_argument("--extract", type=Path, metavar="DIR", help="unpack into DIR, which must not be there yet")
    parser.add_argument("--name", default=PRODUCT, help="what it must be a bundle of: ostrov, or ostrov-models")
    parser.add_argument("--allow-older", action="store_true", help="take a release older than one that was here")
    parser.add_argument("--json", action="store_true", help="for programs")
    given = parser.parse_args()
    code, told = answer(
        given.bundle,
        given.signers,
        given.state,
        extract=given.extract,
        name=given.name,
        allow_older=given.allow_older,
    )
    sentence = "refused: {sentence}\n         {remedy}" if code else "good: {name} {version}, signed by {key_id}"
    sys.stdout.write((json.dumps(told) if given.json else sentence.format(**told)) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
