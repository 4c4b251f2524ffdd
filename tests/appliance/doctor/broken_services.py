"""Services, ports, disks and clocks that go wrong."""

from datetime import UTC, datetime

from appliance.doctor.machine import Answer, Output
from appliance.doctor.result import Status
from appliance.doctor.systemd import PROPERTIES
from tests.appliance.doctor.breaking import breaks

SHOW = f"systemctl show --property={PROPERTIES} --"
UNITS = {
    "postgresql": "postgresql@17-main.service", "nginx": "nginx.service", "nftables": "nftables.service",
    "ulogd2": "ulogd2.service",
    "web": "ostrov-web@0.1.0.service", "worker": "ostrov-worker.service", "gateway": "ostrov-gateway.service",
    "llm": "ostrov-llm.service", "embed": "ostrov-embed.service", "speech": "ostrov-speech.service",
}  # fmt: skip


def block_of(server, unit: str) -> str:
    blocks = server.machine.outputs[SHOW].out.strip("\n").split("\n\n")
    return next(block for block in blocks if f"Id={unit}" in block.splitlines())


def set_unit(server, unit: str, **fields: str) -> None:
    """Change what systemd tells of one unit."""
    block = block_of(server, unit)
    lines = dict(line.partition("=")[::2] for line in block.splitlines()) | fields
    server.change(SHOW, block, "\n".join(f"{name}={value}" for name, value in lines.items()))


def _kill(part: str):
    def a_unit_has_failed(server) -> None:
        set_unit(server, UNITS[part], ActiveState="failed", SubState="failed", Result="exit-code", MainPID="0")
        words = Output(0, f"{part}: no space left on device\n")
        server.machine.outputs[f"journalctl --unit {UNITS[part]}"] = words

    return a_unit_has_failed


for each, unit in UNITS.items():
    words = f"{unit} is failed/failed, exit-code. «{each}: no space left"
    breaks(f"services.{each}", Status.FAIL, words, f"journalctl -u {unit}")(_kill(each))


@breaks("services.worker", Status.WARN, "would not after a reboot", "systemctl enable ostrov-worker.service")
def a_unit_is_not_enabled(server):
    set_unit(server, "ostrov-worker.service", UnitFileState="disabled")


@breaks("services.speech", Status.WARN, "restarted 7 times")
def a_unit_restarts_time_and_again(server):
    set_unit(server, "ostrov-speech.service", NRestarts="7")


@breaks("services.llm", Status.FAIL, "There is no unit ostrov-llm.service", "site.yml")
def a_unit_file_was_deleted(server):
    set_unit(server, "ostrov-llm.service", LoadState="not-found", ActiveState="inactive", SubState="dead")


@breaks("services.llm", Status.FAIL, "activating/auto-restart")
def a_unit_waits_for_its_next_attempt(server):
    set_unit(server, "ostrov-llm.service", ActiveState="activating", SubState="auto-restart", Result="oom-kill")


@breaks("services.gateway", Status.FAIL, "ostrov-gateway.socket is inactive/dead")
def the_socket_of_the_gateway_was_stopped(server):
    set_unit(server, "ostrov-gateway.socket", ActiveState="inactive", SubState="dead")


@breaks("services.machine", Status.FAIL, "leads to no release")
def the_current_release_was_deleted(server):
    server.machine.path("/opt/ostrov/current/venv/bin/ostrov").unlink()


@breaks("services.machine", Status.FAIL, "systemd says: maintenance")
def the_machine_is_in_rescue_mode(server):
    server.machine.outputs["systemctl is-system-running"] = Output(1, "maintenance\n")


@breaks("services.pages", Status.FAIL, "answers 503: ")
def the_front_door_answers_that_it_is_not_ready(server):
    server.machine.answers["https://127.0.0.1/readyz"] = Answer(503, '{"ready": false, "culprits": ["database"]}')


@breaks("services.pages", Status.FAIL, "Connection refused")
def nobody_listens_at_the_front_door(server):
    del server.machine.answers["https://127.0.0.1/readyz"]


@breaks("services.ports", Status.FAIL, "tcp/8091 127.0.0.1 (python3)", "systemctl status 999")
def another_program_holds_the_port_of_an_engine(server):
    server.change("ss -H -l -n -p --tcp", 'users:(("ostrov",pid=306,fd=7))', 'users:(("python3",pid=999,fd=3))')


@breaks("services.ports", Status.FAIL, "tcp/443 0.0.0.0 (apache2)")
def another_web_server_has_taken_port_443(server):
    server.change("ss -H -l -n -p --tcp", 'users:(("nginx",pid=302,fd=6),', 'users:(("apache2",pid=777,fd=6),')


@breaks("services.failed", Status.WARN, "smartd.service", "systemctl status smartd.service")
def a_unit_of_debian_has_failed(server):
    key = "systemctl list-units --failed --all --output=json --no-pager"
    server.machine.outputs[key] = Output(0, '[{"unit":"smartd.service","active":"failed"}]')


@breaks(
    "services.release",
    Status.FAIL,
    "An update is open since 2026-11-22T03:00: step migrate, intent",
    "ostrov update resume",
)
def an_update_was_interrupted(server):
    lines = '{"at":"2026-11-22T03:00:01","event":"begin","step":""}\n'
    lines += '{"at":"2026-11-22T03:00:05","event":"intent","step":"migrate"}\n{"at":"2026-11-2'
    server.write("/var/lib/ostrov/release/journal/2.jsonl", lines)


@breaks("services.release", Status.FAIL, "0.1.0 serves, and 0.2.0 was installed last")
def the_release_that_serves_is_not_the_one_installed_last(server):
    server.write("/var/lib/ostrov/release/state.json", '{"format":1,"installed":"0.2.0","highest":{}}')


@breaks("services.release", Status.WARN, "0.2.0 is half made")
def a_release_was_left_half_made(server):
    server.machine.path("/opt/ostrov/releases/0.2.0/venv").mkdir(parents=True)


@breaks("services.release", Status.FAIL, "ostrov-update-resume.service is disabled")
def nobody_would_finish_an_update_at_boot(server):
    server.machine.outputs["systemctl is-enabled ostrov-update-resume.service"] = Output(1, "disabled\n")


@breaks("services.clock", Status.FAIL, "before the release was built")
def the_battery_of_the_clock_is_empty(server):
    server.machine.moment = datetime(2020, 1, 1, tzinfo=UTC)


@breaks("services.clock", Status.WARN, "Nobody keeps the clock", "time server")
def no_time_server_is_reached(server):
    server.machine.outputs["timedatectl show"] = Output(0, "NTP=yes\nNTPSynchronized=no\n")
    del server.machine.outputs["timedatectl show --property=NTPSynchronized --property=NTP"]


@breaks("services.llm", Status.WARN, "waits for a model", "ostrov models use chat")
def an_engine_has_no_model(server):
    idle = {"ActiveState": "inactive", "SubState": "dead", "MainPID": "0", "ConditionResult": "no"}
    set_unit(server, "ostrov-llm.service", **idle)
