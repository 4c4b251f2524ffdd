"""`python -m tests.bench [part ...]`: run the benchmarks; parts are door, peers, crm, events, calls, anonymiser."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench import anonymiser, calls, crm, door, events, peers
from tests.bench.report import Report

PARTS = {
    "door": door.run,
    "peers": peers.run,
    "crm": crm.run,
    "events": events.run,
    "calls": calls.run,
    "anonymiser": anonymiser.run,
}
RESULTS = Path("build/bench/results.json")


def main() -> None:
    """Run the parts that were asked for, all of them when none was."""
    parser = argparse.ArgumentParser(description="Measure Ostrov against its goals.")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], default=[], metavar="part", help=", ".join(PARTS))
    wanted = parser.parse_args().parts or list(PARTS)
    report = Report()
    with tempfile.TemporaryDirectory(prefix="ostrov-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the embedded PostgreSQL runs as a user of its own
        for part in wanted:
            sys.stdout.write(f"-- {part}\n")
            PARTS[part](folder / part, report)
    report.write(RESULTS)
    missed = [figure.name for figure in report.figures if figure.met is False]
    sys.stdout.write(f"{RESULTS}: {len(report.figures)} figures, goals missed: {', '.join(missed) or 'none'}\n")


if __name__ == "__main__":
    main()
