"""Checks run side by side, within their time, and one dead part is one finding."""

import time

import pytest

from appliance.doctor.check import Check
from appliance.doctor.checks import CHECKS
from appliance.doctor.commands import exit_code
from appliance.doctor.machine import CouldNotAsk, Output
from appliance.doctor.result import Fail, Inapplicable, Ok, Status, Warn
from appliance.doctor.running import chosen, run_checks, unknown_names
from appliance.doctor.said import same
from tests.appliance.doctor.broken_services import UNITS, set_unit


def check(name: str, run, *needs: str, **others) -> Check:
    return Check(name, same(name), same("well"), "ISO 27001 A.8.9", run, needs, server=False, **others)


def well(_host):
    return Ok(same("well"))


def ill(_host):
    return Fail(same("ill"), same("mend it"))


def statuses(findings) -> dict[str, str]:
    return {finding.id: str(finding.status) for finding in findings}


def test_what_rests_on_a_dead_part_is_not_checked_and_names_the_part_at_the_root(server):
    checks = [
        check("a.roof", ill, "a.wall"),
        check("a.wall", ill, "a.ground"),
        check("a.ground", ill),
        check("a.tree", well),
    ]
    found = run_checks(server.host(), checks)
    assert statuses(found) == {"a.roof": "skipped", "a.wall": "skipped", "a.ground": "fail", "a.tree": "ok"}
    assert found[0].observed.en == "Not checked because of a.ground."
    assert found[0].observed.ru == "Не проверено из-за a.ground."


def test_a_warning_or_what_does_not_apply_lets_others_go_on(server):
    checks = [
        check("a.warned", lambda _: Warn(same("soon"))),
        check("a.elsewhere", lambda _: Inapplicable(same("elsewhere"))),
        check("a.roof", well, "a.warned", "a.elsewhere"),
    ]
    assert statuses(run_checks(server.host(), checks))["a.roof"] == "ok"


def test_a_check_that_hangs_is_left_behind_and_the_others_come_back_in_time(server):
    checks = [check("a.hangs", lambda _: time.sleep(20) or well(_), seconds=0.3), check("a.quick", well)]
    started = time.monotonic()
    found = run_checks(server.host(), checks)
    assert time.monotonic() - started < 3
    assert statuses(found) == {"a.hangs": "unknown", "a.quick": "ok"}
    assert found[0].remedy.en == "ostrov doctor --only a.hangs"


def test_the_whole_ends_in_its_time_however_many_hang(server):
    checks = [check(f"a.n{number}", lambda _: time.sleep(20) or well(_), seconds=5.0) for number in range(40)]
    started = time.monotonic()
    found = run_checks(server.host(), checks, seconds=1.0)
    assert time.monotonic() - started < 4
    assert {finding.status for finding in found} == {Status.UNKNOWN}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CouldNotAsk(same("no such program")), "no such program"),
        (PermissionError(13, "denied", "/etc/shadow"), "/etc/shadow"),
        (ZeroDivisionError("oh"), "The check itself failed: ZeroDivisionError: oh"),
    ],
)
def test_a_check_that_cannot_look_says_so_and_guesses_nothing(server, error, words):
    def stopped(_host):
        raise error

    (finding,) = run_checks(server.host(), [check("a.stopped", stopped)])
    assert finding.status is Status.UNKNOWN
    assert words in finding.observed.en


def test_checks_run_side_by_side(server):
    checks = [check(f"a.n{number}", lambda _: time.sleep(0.4) or well(_)) for number in range(10)]
    started = time.monotonic()
    run_checks(server.host(), checks)
    assert time.monotonic() - started < 2.5


def test_what_many_checks_want_to_know_is_asked_once(server):
    server.all()
    asked = [command for command in server.machine.commands if "appliance.doctor.asking" in command]
    assert len(asked) == 2  # the facts for all checks of the database, and the walk of the chain
    assert sum(command.startswith("systemctl show --property=Id,Load") for command in server.machine.commands) == 1


def test_a_dead_postgresql_is_one_finding(server):
    set_unit(server, UNITS["postgresql"], ActiveState="failed", SubState="failed")
    server.machine.outputs["journalctl --unit"] = Output(0, "")
    found = server.all().values()
    assert [each.id for each in found if each.status is Status.FAIL] == ["services.postgresql"]
    resting = [each for each in found if each.status is Status.SKIPPED]
    assert len(resting) > 8
    assert {each.observed.en for each in resting} == {"Not checked because of services.postgresql."}


def test_a_group_or_a_check_is_chosen_with_what_it_rests_on():
    ids = {check.id for check in chosen(CHECKS, ["audit"])}
    assert ids >= {"audit.chain", "audit.rights", "database.answers", "services.postgresql", "services.machine"}
    assert "egress.canary" not in ids
    assert chosen(CHECKS, []) == list(CHECKS)
    assert unknown_names(CHECKS, ["audit", "egress.canary", "egres"]) == ["egres"]


def test_a_failure_outweighs_what_could_not_be_checked_and_that_a_warning(server):
    def code(*runs) -> int:
        return exit_code(run_checks(server.host(), [check(f"a.n{n}", run) for n, run in enumerate(runs)]))

    def unknown(_host):
        raise CouldNotAsk(same("?"))

    def warned(_host):
        return Warn(same("soon"))

    assert [code(well), code(well, warned), code(warned, unknown), code(unknown, ill, warned)] == [0, 1, 3, 2]


def test_a_directory_is_looked_at_without_asking_the_machine_that_runs(server):
    server.machine.live = False
    found = server.all()
    assert not [command for command in server.machine.commands if command.startswith(("systemctl", "nft", "ss "))]
    assert found["security.files"].status is Status.OK
    assert found["services.nginx"].status is Status.INAPPLICABLE
    assert found["services.release"].status is Status.OK
