"""The doctor finds out where it is: a server with all parts, one with some, or a demo."""

import json

from appliance.doctor.machine import Answer
from appliance.doctor.place import find_place, read_environment_file
from appliance.doctor.result import Status
from tests.appliance.doctor.broken_services import set_unit
from tests.appliance.doctor.conftest import READY


def test_a_server_is_known_by_any_trace_of_it(server):
    for trace in ("/opt/ostrov/current", "/etc/ostrov/common.env"):
        server.machine.path(trace).unlink()
        assert find_place(server.machine, {}).server
    assert find_place(server.machine, {}).release == ""


def test_a_host_that_carries_the_database_alone_is_asked_for_nothing_else(server):
    for program in ("web", "worker", "gateway", "llm", "embed", "speech"):
        server.machine.path(f"/etc/ostrov/{program}.env").unlink()
    server.machine.path("/etc/nginx/ostrov-upstream.conf").unlink()
    server.write("/etc/postgresql/17/main/conf.d/70-ostrov-network.conf", "listen_addresses = '198.18.77.3'\n")
    line = 'LISTEN 0 244 198.18.77.3:5432 0.0.0.0:* users:(("postgres",pid=301,fd=7))\n'
    output = server.machine.outputs["ss -H -l -n -p --tcp"]
    server.machine.outputs["ss -H -l -n -p --tcp"] = type(output)(0, output.out + line)
    server.machine.answers.clear()
    found = server.all()
    assert [each.id for each in found.values() if each.status is Status.FAIL] == []
    assert found["services.worker"].status is Status.INAPPLICABLE
    assert found["services.pages"].status is Status.INAPPLICABLE
    assert found["egress.listeners"].status is Status.OK


def test_an_engine_without_a_model_is_a_warning_in_both_places_and_stops_no_update(server):
    set_unit(server, "ostrov-speech.service", ActiveState="inactive", SubState="dead", ConditionResult="no")
    told = {**READY, "engines": {**READY["engines"], "speech": {"state": "down", "reason": "refused"}}}
    server.machine.answers["http://127.0.0.1:8090/readyz"] = Answer(200, json.dumps(told))
    found = server.all()
    assert found["services.speech"].status is Status.WARN
    assert (found["ai.engines"].status, found["ai.engines"].observed.en) == (Status.WARN, "No model for: speech.")


def test_the_door_of_a_gateway_for_other_hosts_is_planned_where_it_was_made_and_only_for_it(server):
    line = 'LISTEN 0 511 198.18.77.3:8443 0.0.0.0:* users:(("{}",pid=555,fd=6))\n'
    output = server.machine.outputs["ss -H -l -n -p --tcp"]

    def listening(program):
        server.machine.outputs["ss -H -l -n -p --tcp"] = type(output)(0, output.out + line.format(program))
        return server.one("egress.listeners").status

    assert listening("nginx") is Status.FAIL
    server.write("/etc/ostrov/gateway-door.conf", "daemon off;\n")
    assert listening("nginx") is Status.OK
    assert listening("python3") is Status.FAIL


def test_further_sockets_are_planned_in_a_file(server):
    line = 'LISTEN 0 511 0.0.0.0:9100 0.0.0.0:* users:(("prometheus-node",pid=555,fd=6))\n'
    output = server.machine.outputs["ss -H -l -n -p --tcp"]
    server.machine.outputs["ss -H -l -n -p --tcp"] = type(output)(0, output.out + line)
    assert server.one("egress.listeners").status is Status.FAIL
    server.write("/etc/ostrov/doctor.toml", 'listeners = ["tcp/9100"]\n')
    assert server.one("egress.listeners").status is Status.OK


def test_engines_on_a_gpu_have_a_budget_of_their_own(server):
    server.write(
        "/etc/systemd/system/ostrov-llm.service", "ExecStart=/opt/ostrov/current/venv/bin/ostrov engine vllm-chat\n"
    )
    assert find_place(server.machine, {}).profile == "gpu"


def test_environment_files_are_read_as_systemd_reads_them(tmp_path):
    path = tmp_path / "common.env"
    path.write_text(
        "# told\n\nOSTROV_DOMAIN=crm.lab\nOSTROV_COMPANY_NAME=\"A = B\"\n; no\nOSTROV_TIMEZONE='Europe/Moscow'\n"
    )
    assert read_environment_file(path) == {
        "OSTROV_DOMAIN": "crm.lab", "OSTROV_COMPANY_NAME": "A = B", "OSTROV_TIMEZONE": "Europe/Moscow",
    }  # fmt: skip
    assert read_environment_file(tmp_path / "none.env") == {}


def test_a_state_directory_without_a_server_is_a_demo(tmp_path, server):
    empty = type(server.machine)(tmp_path / "elsewhere", {})
    place = find_place(empty, {"OSTROV_HOME": str(tmp_path / "home"), "OSTROV_WEB_PORT": "9999"})
    assert (place.server, place.web_url) == (False, "http://127.0.0.1:9999")


def test_while_there_is_no_repository_the_missing_backup_is_told_once(server):
    server.write("/etc/ostrov/archive-without-repository", "until backups are set up\n")
    assert server.one("backup.archive").status is Status.INAPPLICABLE
    server.write("/usr/local/lib/ostrov/archive-wal.d/repository", "#!/bin/sh\n", 0o755)
    assert server.one("backup.archive").status is Status.OK


def test_a_host_without_the_database_is_not_asked_for_it(server):
    server.machine.path("/etc/postgresql/17/main").rmdir()
    found = server.all()
    asked = {each.status for each in found.values() if each.group in {"database", "audit"}}
    assert asked == {Status.INAPPLICABLE}
    assert found["services.pages"].status is Status.OK
    assert [each.id for each in found.values() if each.status in {Status.FAIL, Status.UNKNOWN}] == []
