"""The page about updates names no failure that the tests do not inject, and none that was not taken back exactly."""

from __future__ import annotations

from tests.provisioning import faults


def test_every_failure_on_the_page_is_one_that_the_tests_inject_with_the_outcome_that_it_must_have() -> None:
    wanted = {(fault.step, fault.what, fault.ends, "yes") for fault in faults.ALL}
    told = faults.on_the_page()
    assert told
    assert set(told) <= wanted, "python -m tests.provisioning.faults prints the table"
