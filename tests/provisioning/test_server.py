"""What an installed server is like, looked at from inside."""

from __future__ import annotations

import json
import re

import pytest
from testinfra.host import Host

from tests.provisioning.lab.guest import Guest
from tests.provisioning.lab.playbooks import DOMAIN

USERS = ("ostrov-web", "ostrov-worker", "ostrov-gateway", "ostrov-llm", "ostrov-embed", "ostrov-speech", "ostrov-owner")
SERVICES = (
    *("ostrov-worker", "ostrov-gateway", "ostrov-llm", "ostrov-embed", "ostrov-speech"),
    *("nginx", "postgresql@17-main", "nftables", "ulogd2", "ssh"),
)
ON_THE_LAN = {22, 80, 443}
ON_LOOPBACK = {8090, 8091, 8092, 8093}
EXPOSURE = {"ostrov-web@{version}": 1.5} | {
    f"ostrov-{name}": 2.0 for name in ("worker", "gateway", "llm", "embed", "speech")
}


@pytest.fixture(scope="module")
def version(server: Host) -> str:
    """The installed release."""
    return str(server.file("/opt/ostrov/current").linked_to).rsplit("/", 1)[1]


def database(server: Host, query: str, *, name: str = "ostrov") -> str:
    """The answer of the server's database to its own administrator."""
    with server.sudo("postgres"):
        return str(server.check_output("psql -XAtq -d %s -c %s", name, query)).strip()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_runs_and_comes_back_after_a_reboot(server: Host, service: str) -> None:
    if "ConditionResult=no" in server.check_output(f"systemctl show -p ConditionResult,ActiveState {service}"):
        pytest.skip("the bundle brought no model for this engine")
    assert server.service(service).is_running
    assert server.service(service).is_enabled or "indirect" in server.run(f"systemctl is-enabled {service}").stdout


def test_the_web_application_of_the_installed_release_runs(server: Host, version: str) -> None:
    assert server.service(f"ostrov-web@{version}").is_running
    assert server.service(f"ostrov-web@{version}").is_enabled


def test_no_unit_has_failed(server: Host) -> None:
    assert server.check_output("systemctl list-units --failed --no-legend --plain") == ""


def test_only_the_agreed_sockets_listen(server: Host) -> None:
    lines = server.check_output("ss -Hltun").splitlines()
    assert lines
    for line in lines:
        kind, address = line.split()[0], line.split()[4]
        host, port = address.rsplit(":", 1)
        if re.match(r"(127\.|\[::1\]|\[::ffff:127\.)", host):
            assert kind == "tcp", line
            assert int(port) in ON_LOOPBACK, line
        else:
            assert (kind, int(port) in ON_THE_LAN) == ("tcp", True), line


def test_the_ports_of_the_lan_belong_to_nginx_and_ssh(server: Host) -> None:
    owners = server.check_output("ss -Hltnp '( sport = :80 or sport = :443 )'")
    assert owners
    assert "nginx" in owners
    assert all("nginx" in line for line in owners.splitlines())


@pytest.mark.parametrize("name", USERS)
def test_a_service_has_a_user_of_its_own_who_cannot_sign_in(server: Host, name: str) -> None:
    user = server.user(name)
    assert user.exists
    assert user.shell in {"/usr/sbin/nologin", "/bin/false"}
    assert user.uid < 1000
    assert server.check_output("getent shadow %s", name).split(":")[1][:1] in {"!", "*"}


def test_web_and_worker_share_the_files_and_nobody_else_reads_them(server: Host) -> None:
    files = server.file("/var/lib/ostrov/files")
    assert files.group == "ostrov-files"
    assert files.mode & 0o007 == 0
    members = server.check_output("getent group ostrov-files").rsplit(":", 1)[1].split(",")
    assert {*members} >= {"ostrov-web", "ostrov-worker"}
    assert not {*members} & {"ostrov-gateway", "ostrov-llm", "ostrov-embed", "ostrov-speech"}


def test_secrets_are_files_that_root_alone_reads(server: Host) -> None:
    folder = server.file("/etc/ostrov/secrets")
    assert (folder.user, folder.mode) == ("root", 0o700)
    names = folder.listdir()
    assert {"gateway_key", "secret_key", "backup_passphrase"} <= {*names}
    for name in names:
        secret = server.file(f"/etc/ostrov/secrets/{name}")
        assert (secret.user, secret.group, secret.mode) == ("root", "root", 0o400), name


def test_no_secret_is_seen_in_a_command_line_an_environment_or_the_journal(server: Host) -> None:
    for name in ("gateway_key", "secret_key", "backup_passphrase"):
        looked = server.run(
            f"grep -aFrl -f /etc/ostrov/secrets/{name} /proc/[0-9]*/cmdline /proc/[0-9]*/environ /etc/systemd "
            "/var/log /run/systemd/system 2>/dev/null"
        )
        assert looked.stdout == "", (name, looked.stdout)


def test_services_cannot_write_into_the_release(server: Host, version: str) -> None:
    place = f"/opt/ostrov/releases/{version}"
    assert server.check_output(f"find {place} ! -user root -print -quit") == ""
    assert server.check_output(f"find {place} ! -type l -perm /022 -print -quit") == ""
    denied = server.run(f"runuser -u ostrov-web -- touch {place}/venv/x")
    assert denied.rc != 0


def test_the_authority_has_a_key_that_root_alone_reads(server: Host) -> None:
    assert server.file("/etc/ostrov/pki/ca.crt").mode & 0o444 == 0o444
    keys = server.check_output("find /etc/ostrov/pki -name '*.key'").splitlines()
    assert keys
    for key in keys:
        assert server.file(key).user == "root"
        assert server.file(key).mode & 0o077 in {0, 0o040}, key


def test_the_packet_filter_drops_what_is_not_named_in_and_out(server: Host) -> None:
    rules = json.loads(server.check_output("nft -j list table inet ostrov"))["nftables"]
    chains = {entry["chain"]["hook"]: entry["chain"] for entry in rules if "hook" in entry.get("chain", {})}
    assert chains["input"]["policy"] == "drop"
    assert chains["output"]["policy"] == "drop"
    assert server.check_output("cat /proc/sys/net/ipv4/ip_forward") == "0"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("listen_addresses", ""),
        ("data_checksums", "on"),
        ("archive_mode", "on"),
        ("wal_level", "replica"),
    ],
)
def test_the_database_is_set_as_agreed(server: Host, setting: str, value: str) -> None:
    assert database(server, f"SELECT current_setting('{setting}')") == value


def test_the_database_waits_for_no_restart(server: Host) -> None:
    assert database(server, "SELECT string_agg(name, ',') FROM pg_settings WHERE pending_restart") == ""


def test_the_product_has_no_powers_over_the_database(server: Host) -> None:
    powers = database(
        server,
        "SELECT count(*) FROM pg_roles WHERE rolname ~ '^ostrov_'"
        " AND (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication)",
    )
    assert powers == "0"
    assert database(
        server, "SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles WHERE rolname ~ '^ostrov_'"
    ) == ("ostrov_gateway,ostrov_owner,ostrov_web")
    owner = "SELECT r.rolname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE datname = 'ostrov'"
    assert database(server, owner) == "postgres"


def test_the_role_that_migrates_can_neither_drop_the_database_nor_change_its_settings(server: Host) -> None:
    for statement in ("ALTER DATABASE ostrov SET work_mem = '1GB'", "GRANT CONNECT ON DATABASE ostrov TO PUBLIC"):
        done = server.run(
            f'runuser -u ostrov-owner -- psql -Xq -h /run/postgresql -U ostrov_owner -d ostrov -c "{statement}"'
        )
        assert "must be owner" in done.stderr or "no privileges were granted" in done.stderr, (statement, done)


@pytest.mark.parametrize(
    ("user", "role", "enters"),
    [
        ("ostrov-web", "ostrov_web", True),
        ("ostrov-worker", "ostrov_web", True),
        ("ostrov-gateway", "ostrov_gateway", True),
        ("ostrov-owner", "ostrov_owner", True),
        ("ostrov-web", "ostrov_owner", False),
        ("ostrov-gateway", "ostrov_web", False),
        ("ostrov-worker", "postgres", False),
        ("ostrov-llm", "ostrov_web", False),
        ("nobody", "ostrov_web", False),
    ],
)
def test_a_service_enters_the_database_as_its_own_role_alone(server: Host, user: str, role: str, enters: bool) -> None:
    done = server.run(f"runuser -u {user} -- psql -XAtq -h /run/postgresql -U {role} -d ostrov -c 'SELECT 1'")
    assert (done.rc == 0) == enters, done.stderr


def test_the_audit_trail_cannot_be_changed_by_the_role_that_writes_it(server: Host) -> None:
    done = server.run(
        "runuser -u ostrov-web -- psql -Xq -h /run/postgresql -U ostrov_web -d ostrov -c 'DELETE FROM audit.entries'"
    )
    assert done.rc != 0
    assert "permission denied" in done.stderr


@pytest.mark.parametrize(("unit", "budget"), EXPOSURE.items())
def test_a_unit_is_within_its_budget_of_exposure(server: Host, version: str, unit: str, budget: float) -> None:
    said = server.run(f"systemd-analyze security --no-pager {unit.format(version=version)}.service").stdout
    found = re.search(r"exposure level for \S+: ([0-9.]+)", said)
    assert found, said
    assert float(found[1]) <= budget


def test_the_product_says_its_version_and_is_ready(server: Host, version: str) -> None:
    assert version in server.check_output("ostrov --version")
    ready = server.check_output(
        f"curl -s --unix-socket /run/ostrov-web/{version}.sock http://{DOMAIN}/readyz"
        if server.exists("curl")
        else f"python3 -c \"import http.client,socket;c=http.client.HTTPConnection('{DOMAIN}');"
        f"c.sock=socket.socket(socket.AF_UNIX);c.sock.connect('/run/ostrov-web/{version}.sock');"
        "c.request('GET','/readyz');print(c.getresponse().read().decode())\""
    )
    assert json.loads(ready)["ready"] is True, ready


def test_root_cannot_sign_in_with_a_password(appliance: Guest) -> None:
    policy = appliance.tell("sshd -T")
    assert "passwordauthentication no" in policy
    assert "permitrootlogin without-password" in policy or "permitrootlogin prohibit-password" in policy
