"""Counters of several processes."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter

from webapp.web.metrics import Measures
from webapp.web.shared_counts import SharedCounts

LABELS = {"endpoint": "home"}


def shown(counts: SharedCounts) -> CollectorRegistry:
    """A registry that shows the counts."""
    registry = CollectorRegistry()
    counts.register(registry)
    return registry


def count_once(folder: Path) -> None:
    """Count in a process of its own."""
    SharedCounts(folder).count("visits", "Visits", LABELS)


def test_the_counts_of_all_processes_are_shown_together(tmp_path):
    counts = SharedCounts(tmp_path)
    counts.count("visits", "Visits", LABELS)
    children = [multiprocessing.get_context("spawn").Process(target=count_once, args=(tmp_path,)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert shown(counts).get_sample_value("visits_total", LABELS) == 3


def test_a_histogram_shows_every_bucket_and_the_sum(tmp_path):
    counts = SharedCounts(tmp_path)
    for value in (0.1, 0.4, 7.0):
        counts.observe("seconds", "Seconds", LABELS, value, (0.2, 1.0, 5.0))
    found = shown(counts)
    buckets = {
        le: found.get_sample_value("seconds_bucket", {**LABELS, "le": le}) for le in ("0.2", "1.0", "5.0", "+Inf")
    }
    assert buckets == {"0.2": 1, "1.0": 2, "5.0": 2, "+Inf": 3}
    assert found.get_sample_value("seconds_sum", LABELS) == 7.5
    assert found.get_sample_value("seconds_count", LABELS) == 3


def test_two_folders_in_one_process_keep_separate_counts(tmp_path):
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    one, two = (SharedCounts(folder) for folder in folders)
    one.count("visits", "Visits", LABELS)
    assert shown(one).get_sample_value("visits_total", LABELS) == 1
    assert shown(two).get_sample_value("visits_total", LABELS) is None


def test_other_counters_of_the_process_stay_its_own(tmp_path):
    SharedCounts(tmp_path).count("visits", "Visits", LABELS)
    registry = CollectorRegistry()
    Counter("others", "Others", registry=registry).inc()
    assert registry.get_sample_value("others_total") == 1
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ
    assert not [file for file in tmp_path.iterdir() if "others" in file.read_text(errors="replace")]


def test_counting_goes_on_when_somebody_has_taken_the_folder_away(tmp_path):
    counts = SharedCounts(tmp_path / "gone")
    counts.count("visits", "Visits", LABELS)
    assert shown(counts).get_sample_value("visits_total", LABELS) == 1


def test_only_the_counts_of_runs_that_have_ended_are_forgotten(tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    for name in (str(ended.pid), "1", "notes"):
        (tmp_path / name).mkdir()
    Measures(tmp_path).request("home", "GET", 200, 0.01)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["1", "notes", str(os.getppid())])
