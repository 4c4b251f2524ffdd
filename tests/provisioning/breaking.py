"""Things that go wrong on a server, as a hand breaks them, and what the doctor must say of each."""

from __future__ import annotations

from dataclasses import dataclass, field

PSQL = "cd / && runuser -u postgres -- psql -XAtq -d ostrov -c"
WORKER = "ostrov-worker.service"
DROP_IN = f"/run/systemd/system/{WORKER}.d"
UNDROP = f"rm -rf {DROP_IN}; systemctl daemon-reload; systemctl restart {WORKER}"
INDEX = "ix_of_a_test"


def drop_in(*lines: str) -> str:
    """A command that lays a drop-in over the worker's unit."""
    written = "\\n".join(["[Service]", *lines, ""])
    return f"mkdir -p {DROP_IN}; printf '{written}' >{DROP_IN}/x.conf; systemctl daemon-reload"


@dataclass(frozen=True)
class Break:
    """What is typed to break a server, and which check tells of it and how.

    The remedy is typed as docs/troubleshooting.md prints it for the check, `filled` standing for what a finding names.
    `undone` cleans up in any case; with `by_hand` it is the remedy, because the page has none to type for this cause.
    """

    check: str
    name: str
    broken: str
    seen: str
    undone: str
    status: str = "fail"
    filled: dict[str, str] = field(default_factory=dict)
    by_hand: bool = False
    left: str = "ok"


BREAKS = (
    Break("services.worker", "a unit is stopped", f"systemctl stop {WORKER}",
          f"{WORKER} is inactive/dead", f"systemctl start {WORKER}", filled={"UNIT": WORKER}),
    Break("services.nginx", "a unit is disabled", "systemctl disable -q nginx",
          "would not after a reboot", "systemctl enable -q nginx", "warn", {"UNIT": "nginx.service"}),
    Break("services.pages", "nginx leads to a release that is gone",
          "sed -i.before 's|ostrov-web/.*sock|ostrov-web/9.9.9.sock|' /etc/nginx/ostrov-upstream.conf; "
          "systemctl reload nginx; sleep 1",
          "answers 502",
          "mv /etc/nginx/ostrov-upstream.conf.before /etc/nginx/ostrov-upstream.conf; systemctl reload nginx"),
    Break("services.ports", "another program takes the port of an engine",
          "systemctl stop ostrov-speech; "
          "systemd-run -q --unit=thief python3 -m http.server --bind 127.0.0.1 8093; sleep 2",
          "tcp/8093 127.0.0.1 (python3)", "systemctl stop thief; systemctl start ostrov-speech",
          filled={"NAME": "thief", "UNIT": "ostrov-speech.service"}),
    Break("services.failed", "a unit of another fails", "systemd-run -q --unit=foreign false; sleep 1",
          "foreign.service", "systemctl reset-failed foreign", "warn", {"UNIT": "foreign.service"}),
    Break("services.release", "an installation was broken off", "mkdir /opt/ostrov/releases/9.9.9",
          "9.9.9 is half made", "rm -rf /opt/ostrov/releases/9.9.9", "warn", {"NAME": "9.9.9"}),
    Break("services.release", "an update was broken off",
          """echo '{"at":"2026-11-22T03:00","event":"intent","step":"migrate"}' """
          ">/var/lib/ostrov/release/journal/29991231.jsonl",
          "step migrate, intent", "rm /var/lib/ostrov/release/journal/29991231.jsonl", by_hand=True),
    Break("egress.policy", "the rules are flushed", "nft flush ruleset",
          "There is no table inet ostrov", "nft -f /etc/nftables.conf"),
    Break("egress.rules", "a rule is added by hand",
          "nft insert rule inet ostrov output ip daddr 203.0.113.10 accept",
          "not shipped: rule output", "nft -f /etc/nftables.conf"),
    Break("egress.units", "a unit is given the network", drop_in("IPAddressDeny="),
          f"{WORKER} may go anywhere", UNDROP, filled={"UNIT": WORKER, "FILE": f"{DROP_IN}/x.conf"}),
    Break("egress.listeners", "something listens to the LAN",
          "systemd-run -q --unit=open python3 -m http.server 8099; sleep 2",
          "tcp/8099 0.0.0.0 (python3)", "systemctl stop open", filled={"UNIT": "open.service"}),
    Break("backup.recent", "nobody has set up backups", "true", "No backup is configured", "rm -rf /mnt/backup", "warn",
          left="warn"),
    Break("database.answers", "the owner of the schema is let in no more",
          "sed -i '/ostrov_owner/d' /etc/postgresql/17/main/pg_ident.conf; systemctl reload postgresql@17-main; "
          "sleep 1",
          "Peer authentication failed", "true"),
    Break("database.settings", "a protection is switched off",
          f"{PSQL} 'ALTER SYSTEM SET full_page_writes = off' -c 'SELECT pg_reload_conf()'; sleep 1",
          "full_page_writes = 'off'",
          f"{PSQL} 'ALTER SYSTEM RESET full_page_writes' -c 'SELECT pg_reload_conf()'"),
    Break("database.restart", "a setting waits for a restart",
          f"{PSQL} 'ALTER SYSTEM SET max_connections = 71' -c 'SELECT pg_reload_conf()'; sleep 1",
          "max_connections",
          f"{PSQL} 'ALTER SYSTEM RESET max_connections'; systemctl restart postgresql@17-main"),
    Break("database.roles", "a role is given a power", f"{PSQL} 'ALTER ROLE ostrov_web BYPASSRLS'",
          "ostrov_web: BYPASSRLS", f"{PSQL} 'ALTER ROLE ostrov_web NOBYPASSRLS'", filled={"NAME": "ostrov_web"}),
    Break("database.indexes", "an index is half built",
          f"psql -XAtqU ostrov_owner ostrov -c 'CREATE INDEX {INDEX} ON audit.entries (actor)'; "
          f"{PSQL} \"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'audit.{INDEX}'::regclass\"",
          INDEX, f"{PSQL} 'DROP INDEX IF EXISTS audit.{INDEX}'", "warn", {"NAME": f"audit.{INDEX}"}),
    Break("ai.weights", "a file of a model is touched",
          "find /var/lib/ostrov/models -type f -size +1M | head -1 | xargs touch",
          "is not as it was when it was checked", "ostrov models verify"),
    Break("ai.offline", "a switch is taken from a unit",
          f"{drop_in('UnsetEnvironment=HF_HUB_OFFLINE')}; systemctl restart {WORKER}; sleep 2",
          f"{WORKER}: HF_HUB_OFFLINE", UNDROP, filled={"UNIT": WORKER, "FILE": f"{DROP_IN}/x.conf"}),
    Break("security.secrets", "a secret may be read by all", "chmod 644 /etc/ostrov/secrets/gateway_key",
          "/etc/ostrov/secrets/gateway_key has mode 0644", "chmod 400 /etc/ostrov/secrets/gateway_key",
          filled={"FILE": "/etc/ostrov/secrets/gateway_key", "NAME": "gateway_key"}),
    Break("security.certificate", "the server shows a certificate for another name",
          "cd /etc/ostrov/pki && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 "
          "-subj /CN=other.lab.test -addext subjectAltName=DNS:other.lab.test -keyout server.key -out server.crt "
          "2>/dev/null && systemctl reload nginx && sleep 1",
          "It is not for ", "true"),
    Break("security.certificate", "the server is given another name",
          "sed -i.before 's/^OSTROV_DOMAIN=.*/OSTROV_DOMAIN=other.lab.test/' /etc/ostrov/common.env",
          "It is not for other.lab.test", "mv /etc/ostrov/common.env.before /etc/ostrov/common.env", by_hand=True),
    Break("security.exposure", "a drop-in loosens a unit",
          drop_in("ProtectSystem=no", "PrivateDevices=no", "SystemCallFilter=", "CapabilityBoundingSet=~",
                  "RestrictAddressFamilies="),
          f"{WORKER}: ", UNDROP, filled={"UNIT": WORKER, "FILE": f"{DROP_IN}/x.conf"}),
    Break("security.ssh", "passwords are allowed",
          "echo 'PasswordAuthentication yes' >/etc/ssh/sshd_config.d/00-mine.conf",
          "passwordauthentication yes", "rm -f /etc/ssh/sshd_config.d/00-mine.conf", "warn",
          {"FILE": "/etc/ssh/sshd_config.d/00-mine.conf"}),
    Break("security.files", "a file of the release may be written by others",
          "chmod o+w /opt/ostrov/current/manifest.json",
          "manifest.json", "chmod o-w /opt/ostrov/current/manifest.json"),
    Break("security.packages", "a package is half installed",
          "dpkg --unpack $(find /var/lib/ostrov/bundles -name 'acl_*.deb') >/dev/null",
          "acl is half installed", "dpkg --configure --pending", "warn"),
    Break("security.packages", "a bundle brings a newer package",
          "mkdir -p /var/lib/ostrov/bundles/9.9.9/apt; "
          "printf 'Package: nginx\\nVersion: 99.0\\n' >/var/lib/ostrov/bundles/9.9.9/apt/Packages",
          "-> 99.0",
          "rm -r /var/lib/ostrov/bundles/9.9.9; apt-get update; apt-get upgrade --yes", "warn", by_hand=True),
    Break("security.waivers", "a waiver has run out",
          """printf '[[waiver]]\\nid = "security.ssh"\\nreason = "a ticket"\\nexpires = 2020-01-01\\n' """
          ">/etc/ostrov/doctor-waivers.toml",
          "security.ssh: it ran out on 2020-01-01", "rm /etc/ostrov/doctor-waivers.toml", "warn", by_hand=True),
    Break("audit.rights", "the web application may change the audit",
          f"{PSQL} 'GRANT UPDATE ON audit.entries TO ostrov_web'",
          "ostrov_web: UPDATE", f"{PSQL} 'REVOKE UPDATE ON audit.entries FROM ostrov_web'",
          filled={"NAME": "ostrov_web"}),
)  # fmt: skip
