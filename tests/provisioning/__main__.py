"""`python -m tests.provisioning`: prepare the lab, run the tests on a server, print the figures as JSON."""

from __future__ import annotations

import sys
import time

import click
import pytest

from tests.provisioning import faults, figures
from tests.provisioning.lab import ready


def main() -> int:
    """The exit code is pytest's; 0 with a reason where no lab can be had."""
    ready.install_tools()
    reason = ready.why_not()
    if reason:
        click.echo(f"test-appliance: skipped, {reason}")
        return 0
    began = time.monotonic()
    if "-k" not in sys.argv:  # a part of the tests adds to what is known
        figures.FILE.unlink(missing_ok=True)
        faults.TABLE.unlink(missing_ok=True)
        faults.DIFFERENCES.unlink(missing_ok=True)
    ready.prepare(click.echo)
    figures.record(lab_prepared_seconds=time.monotonic() - began)
    # One process: the tests share a server.
    code = pytest.main(["tests/provisioning", "-m", "appliance", "-v", "-n0", *sys.argv[1:]])
    figures.record(all_tests_seconds=time.monotonic() - began)
    click.echo(figures.FILE.read_text())
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
