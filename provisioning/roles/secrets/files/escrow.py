"""Encrypts folders of secrets for the keepers of their escrow; prints a line when the copy is a new one.

Runs on the server from standard input. Arguments: the folder of the copy, the folders to keep, then `--to RECIPIENT`
for each keeper. The copy is made anew only when contents or keepers have changed: a fingerprint, keyed by the contents
themselves, lies beside it. Nothing unencrypted is ever written to a disk.
"""

import hashlib
import io
import subprocess
import sys
import tarfile
from pathlib import Path


def contents(folders: list[Path]) -> bytes:
    """The folders as a tar that depends on names and bytes alone."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sorted(
            path for folder in folders if folder.is_dir() for path in folder.rglob("*") if path.is_file()
        ):
            entry = tarfile.TarInfo(str(path).lstrip("/"))
            entry.size, entry.mode = path.stat().st_size, 0o400
            tar.addfile(entry, io.BytesIO(path.read_bytes()))
    return buffer.getvalue()


def main(arguments: list[str]) -> int:
    """See above; the exit code is that of age when it refuses a recipient."""
    first = arguments.index("--to")
    target, *folders = map(Path, arguments[:first])
    keepers = arguments[first:]
    plain = contents(folders)
    # Random secrets of 32 bytes each are part of what is hashed, so the fingerprint tells nothing about them.
    fingerprint = hashlib.sha256(plain + "\n".join(keepers).encode()).hexdigest()
    copy, mark = target / "secrets.tar.age", target / "fingerprint"
    if copy.exists() and mark.exists() and mark.read_text() == fingerprint:
        return 0
    command = ["age", "--encrypt"]
    for keeper in keepers[1::2]:
        command += ["--recipient", keeper]
    draft = target / "secrets.tar.age.new"
    done = subprocess.run([*command, "--output", str(draft)], input=plain, capture_output=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr.decode())
        return done.returncode
    draft.chmod(0o400)
    draft.replace(copy)
    mark.write_text(fingerprint)
    mark.chmod(0o400)
    print(f"The escrow copy holds {len(plain)} bytes for {len(keepers) // 2} keeper(s).")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
