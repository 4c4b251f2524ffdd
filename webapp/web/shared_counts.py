"""Counters that several processes keep together: each writes a file of its own, whoever is asked reads them all.

The files are those of prometheus-client's multi-process mode. Its switch for that mode holds for a whole process and
for every counter in it; here the folder is given, so that other counters of the process stay what they are.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.utils import floatToGoString

Labels = Mapping[str, str]


class SharedCounts:
    """The counts of this process in a folder that its siblings share; safe across threads and after a fork."""

    def __init__(self, folder: Path) -> None:
        """Bind. The folder and its files are made when something is counted."""
        self._folder = folder
        self._lock = threading.Lock()
        self._process = 0
        self._files: dict[str, MmapedDict] = {}

    def count(self, name: str, meaning: str, labels: Labels) -> None:
        """Add one to a counter."""
        key = _key(name, f"{name}_total", meaning, labels)
        with self._lock:
            _add(self._file("counter"), key, 1.0)

    def observe(self, name: str, meaning: str, labels: Labels, value: float, buckets: Sequence[float]) -> None:
        """Put a value into a histogram; `buckets` are their upper bounds in order, without infinity."""
        bounds = (*buckets, math.inf)
        keys = [_key(name, f"{name}_bucket", meaning, {**labels, "le": _written(bound)}) for bound in bounds]
        place = next(index for index, bound in enumerate(bounds) if value <= bound)
        with self._lock:
            file = self._file("histogram")
            for key in keys:
                _add(file, key, 0.0)  # A bucket that is empty is shown as such.
            _add(file, keys[place], 1.0)
            _add(file, _key(name, f"{name}_sum", meaning, labels), value)

    def register(self, registry: CollectorRegistry) -> None:
        """Let a registry show the counts of all processes together."""
        MultiProcessCollector(registry, path=str(self._folder))  # type: ignore[no-untyped-call, unused-ignore]

    def _file(self, kind: str) -> MmapedDict:
        """Return this process's file of a kind; a child that was forked begins its own."""
        process = os.getpid()
        if process != self._process:
            self._process, self._files = process, {}
        if kind not in self._files:
            self._folder.mkdir(parents=True, exist_ok=True)  # whatever has become of it: pages matter more than counts
            path = str(self._folder / f"{kind}_{process}.db")
            self._files[kind] = MmapedDict(path)  # type: ignore[no-untyped-call, unused-ignore]
        return self._files[kind]


def _written(bound: float) -> str:
    """Return a bound as Prometheus writes it."""
    return str(floatToGoString(bound))  # type: ignore[no-untyped-call, unused-ignore]


def _key(metric: str, sample: str, meaning: str, labels: Labels) -> str:
    """Return the key of one number."""
    return mmap_key(metric, sample, list(labels), list(labels.values()), meaning)


def _add(file: MmapedDict, key: str, amount: float) -> None:
    """Add to one number; the caller holds the lock."""
    value, _ = file.read_value(key)  # type: ignore[no-untyped-call, unused-ignore]
    file.write_value(key, value + amount, 0.0)  # type: ignore[no-untyped-call, unused-ignore]
