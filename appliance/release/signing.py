"""Sign manifests with an ed25519 key of OpenSSH, and know keys by their fingerprints."""

from __future__ import annotations

import tempfile
from pathlib import Path

from appliance.release.problems import BuildError
from appliance.release.running import run
from appliance.release.verifying import NAMESPACE, spell

MAKE_ONE = "Make one: ssh-keygen -t ed25519 -C 'Ostrov bundles' -f bundle-key, and keep it off the network."


def key_id(key: Path) -> str:
    """Return the fingerprint of a signing key. Raises BuildError unless it is an ed25519 key."""
    if not key.is_file():
        raise BuildError(f"There is no signing key at {key}.", MAKE_ONE)
    words = run(["ssh-keygen", "-l", "-f", key], "Reading the signing key", MAKE_ONE).decode().split()
    if "ED25519" not in words[-1]:
        raise BuildError(f"{key} is a key of another kind than ed25519: {words[-1].strip('()')}.", MAKE_ONE)
    return words[1]


def sign(content: bytes, key: Path) -> bytes:
    """Return the signature of a manifest, as `ssh-keygen -Y sign` makes it."""
    with tempfile.TemporaryDirectory(prefix="ostrov-sign-") as folder:
        path = Path(folder) / "manifest"
        path.write_bytes(content)
        remedy = "A key with a passphrase must be in the ssh agent: ssh-add KEY; then give its .pub file."
        run(["ssh-keygen", "-Y", "sign", "-f", key, "-n", NAMESPACE, path], "Signing the manifest", remedy)
        return spell(path.with_name("manifest.sig").read_bytes())
