"""Makes the secrets that are missing, or the named ones anew; prints the names of what it made, never a value.

Runs on the server from standard input with its own python3. Arguments: the folder, then NAME:BYTES for each secret;
with `--anew` before them, secrets that exist are replaced. A file appears whole or not at all.
"""

import contextlib
import os
import secrets
import sys
from pathlib import Path


def write(folder: Path, name: str, size: int) -> None:
    """Put a new random value into place: root alone may read it, nobody may write it."""
    draft = folder / f".{name}.new"
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o400)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(size) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / name)


def mend(path: Path) -> bool:
    """Give a secret that others could read its mode back; whether that was needed."""
    status = path.stat()
    if (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (0o400, os.getuid(), os.getgid()):
        return False
    os.chown(path, os.getuid(), os.getgid())
    path.chmod(0o400)
    return True


def main(arguments: list[str]) -> int:
    """See above; the exit code is 0 unless a file cannot be written."""
    anew = arguments[:1] == ["--anew"]
    folder, *wanted = arguments[1:] if anew else arguments
    for entry in wanted:
        name, _, size = entry.partition(":")
        path = Path(folder) / name
        # A crash may leave an empty file on some file systems: an empty secret is a missing one.
        if anew or not path.exists() or path.stat().st_size == 0:
            write(Path(folder), name, int(size))
            print(name)
        elif mend(path):
            print(f"{name} (mode)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
