"""Secrets, certificates, hardening and packages that have slipped."""

import json
from datetime import UTC, datetime, timedelta

from appliance.doctor.machine import Output
from appliance.doctor.result import Status
from tests.appliance.doctor.breaking import breaks

SECURITY = "systemd-analyze security --json=short --no-pager"
SSHD = "/usr/sbin/sshd -T"


@breaks("security.secrets", Status.FAIL, "/etc/ostrov/secrets/gateway_key has mode 0644", "chmod 400")
def a_secret_may_be_read_by_all(server):
    server.machine.path("/etc/ostrov/secrets/gateway_key").chmod(0o644)


@breaks("security.secrets", Status.FAIL, "/etc/ostrov/secrets has mode 0755")
def the_folder_of_the_secrets_was_opened(server):
    server.machine.path("/etc/ostrov/secrets").chmod(0o755)


@breaks("security.secrets", Status.FAIL, "Missing: secret_key", "--tags secrets")
def a_secret_is_gone(server):
    server.machine.path("/etc/ostrov/secrets/secret_key").unlink()


@breaks("security.secrets", Status.FAIL, "belongs to user")
def a_secret_belongs_to_somebody_else(server):
    server.machine.root_id = 12345


@breaks("security.secrets", Status.FAIL, "/etc/ostrov/pki/private/ca.key has mode 0640")
def the_key_of_the_authority_may_be_read_by_its_group(server):
    server.write("/etc/ostrov/pki/private/ca.key", "key", 0o640)


@breaks("security.certificate", Status.WARN, "Good until", "--tags pki,nginx")
def the_certificate_ends_in_ten_days(server):
    server.machine.moment = datetime.now(UTC) + timedelta(days=355)


@breaks("security.certificate", Status.FAIL, "It ran out on")
def the_certificate_has_run_out(server):
    server.machine.moment = datetime.now(UTC) + timedelta(days=400)


@breaks("security.certificate", Status.FAIL, "It is not for other.lab.test")
def the_server_was_given_another_name(server):
    server.write("/etc/ostrov/common.env", "OSTROV_DOMAIN=other.lab.test\n")


@breaks("security.certificate", Status.FAIL, "No certificate was shown: Connection refused", "nginx -t")
def no_certificate_is_shown(server):
    server.machine.shown = ConnectionRefusedError(111, "Connection refused")


@breaks("security.exposure", Status.FAIL, "ostrov-worker.service: 9.2 (budget 2.0)", "systemctl cat")
def a_drop_in_has_loosened_a_unit(server):
    server.machine.outputs[SECURITY] = Output(0, json.dumps([{"unit": "ostrov-worker.service", "exposure": "9.2"}]))


@breaks("security.exposure", Status.FAIL, "ostrov-web@0.1.0.service: 1.8 (budget 1.5)")
def the_web_application_is_more_exposed_than_it_may_be(server):
    server.machine.outputs[SECURITY] = Output(0, json.dumps([{"unit": "ostrov-web@0.1.0.service", "exposure": "1.8"}]))


@breaks("security.ssh", Status.FAIL, "permitrootlogin yes", "sshd_config.d")
def root_may_come_in_by_password(server):
    server.change(SSHD, "permitrootlogin without-password", "permitrootlogin yes")


@breaks("security.ssh", Status.WARN, "passwordauthentication yes")
def passwords_were_allowed(server):
    server.change(SSHD, "passwordauthentication no", "passwordauthentication yes")


@breaks("security.files", Status.FAIL, "/opt/ostrov/releases/0.1.0/venv/bin/ostrov")
def a_file_of_the_release_may_be_written_by_others(server):
    server.machine.path("/opt/ostrov/current/venv/bin/ostrov").chmod(0o777)


@breaks(
    "security.packages", Status.WARN, "nginx 1.26.3-3 -> 1.26.3-3+deb13u1", "ostrov update apply ostrov-0.2.0.bundle"
)
def a_bundle_brings_a_newer_package(server):
    index = "Package: nginx\nVersion: 1.26.3-3+deb13u1\n\nPackage: bash\nVersion: 5.2.37-2\n"
    server.machine.outputs["dpkg-query -W -f"] = Output(0, "bash 5.2.37-2+b10 ii \nnginx 1.26.3-3 ii \n")
    server.write("/var/lib/ostrov/bundles/0.2.0/apt/Packages", index)


@breaks("security.packages", Status.WARN, "nginx is half installed", "dpkg --configure --pending")
def a_package_is_half_installed(server):
    server.machine.outputs["dpkg-query -W -f"] = Output(0, "bash 5.2.37-2+b10 ii \nnginx 1.26.3-3 iF \n")


@breaks("security.waivers", Status.WARN, "security.ssh: it ran out on 2026-01-01", "doctor-waivers.toml")
def a_waiver_has_run_out(server):
    text = '[[waiver]]\nid = "security.ssh"\nreason = "a ticket"\nexpires = 2026-01-01\n'
    server.write("/etc/ostrov/doctor-waivers.toml", text)


@breaks("security.packages", Status.WARN, "bash 5.2.37-2 -> 5.2.37-2+b10", "apt-get upgrade")
def a_package_is_older_than_the_one_of_the_release(server):
    server.machine.outputs["dpkg-query -W -f"] = Output(0, "bash 5.2.37-2 ii \n")
    server.machine.outputs["apt-get --simulate"] = Output(0, "Inst bash [5.2.37-2] (5.2.37-2+b10 localhost [amd64])\n")
    server.write("/var/lib/ostrov/bundles/0.1.0/apt/Packages", "Package: bash\nVersion: 5.2.37-2+b10\n")
