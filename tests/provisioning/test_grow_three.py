"""Three machines by docs/scale-out.md: the first database loses its power, and no acknowledged write is lost.

The part of site.yml up to the database is run, and the client writes as the web application's service would: with its
certificate, from its machine, to the addresses that the playbook gives to the programs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.provisioning.conftest import LOGS, Make
from tests.provisioning.grow.clusters import until
from tests.provisioning.lab import network, playbooks
from tests.provisioning.lab.guest import Guest

pytestmark = pytest.mark.skipif(
    "OSTROV_LAB_MACHINES" not in os.environ, reason="three servers at once: OSTROV_LAB_MACHINES=3 runs it"
)
ROLES = (
    "preflight,bundle,base,users,secrets,shared_secrets,interconnect,nftables,"
    "postgresql,postgresql_network,postgresql_replica"
)
WRITER = r"""#!/bin/bash
for number in $(seq 100000); do
    psql -XAtq "$1" -c "INSERT INTO kept VALUES ($number)" 2>>/root/refused && echo "$number" >>/root/acknowledged
    [ -e /root/enough ] && exit
done
"""
Groups = Mapping[str, Sequence[Guest]]


def play(groups: Groups, playbook: str, *options: str) -> playbooks.Played:
    """Run a playbook against machines in their groups."""
    began = time.monotonic()
    stock = playbooks.inventory(groups)
    ansible = str(Path(sys.executable).with_name("ansible-playbook"))
    done = subprocess.run(
        network.inside([ansible, "-i", str(stock), str(playbooks.PROVISIONING / playbook), *options]),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=playbooks.environment(),
        timeout=1800,
    )
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / f"grow-{playbook}.log").write_text(done.stdout)
    return playbooks.Played(done.returncode, done.stdout, time.monotonic() - began)


def link(*databases: Guest) -> str:
    """The address of the database as the web application's service is given it (group_vars/all/topology.yml)."""
    files = "/etc/ostrov/interconnect/"
    words = {
        "host": ",".join(guest.address for guest in databases),
        "port": ",".join("5432" for _ in databases),
        "target_session_attrs": "read-write",
        "sslmode": "verify-full",
        "sslrootcert": files + "ca.crt",
        "sslcert": files + "ostrov-web.crt",
        "sslkey": files + "ostrov-web.key",
        "connect_timeout": "3",
        "tcp_user_timeout": "10000",
    }
    return "postgresql://ostrov_web@/ostrov?" + "&".join(f"{name}={value}" for name, value in words.items())


def psql(guest: Guest, statement: str) -> str:
    """Ask a machine's own database as its superuser."""
    return guest.tell("runuser -u postgres -- psql -XAtqd ostrov -f -", given=statement)


def numbers(text: str) -> set[int]:
    """The numbers in a text, one a line."""
    return {int(line) for line in text.split()}


@pytest.fixture(scope="module")
def machines(make: Make, bundle: Path) -> tuple[Guest, Guest, Guest]:
    """A database, its replica, and a machine with the web's certificate."""
    first, second, web = make("db1"), make("db2"), make("web1")
    play({"database": [first], "database_replica": [second], "web": [web]}, "site.yml", "--tags", ROLES).succeeded()
    web.tell("DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends postgresql-client-17")
    return first, second, web


def test_a_machine_without_a_certificate_does_not_get_in(machines: tuple[Guest, Guest, Guest]) -> None:
    first, _second, web = machines
    bare = f"host={first.address} user=ostrov_web dbname=ostrov sslmode=require connect_timeout=3"
    answer = web.ask(f"psql -XAtq '{bare} sslcert=/none' -c 'SELECT 1'")
    assert answer.returncode != 0
    assert "certificate" in answer.stderr
    other = link(first).replace("ostrov_web@", "ostrov_owner@")
    assert web.ask(f"psql -XAtq '{other}' -c 'SELECT 1'").returncode != 0


def test_no_acknowledged_write_is_lost_when_the_first_database_loses_its_power(
    machines: tuple[Guest, Guest, Guest],
) -> None:
    first, second, web = machines
    psql(first, "CREATE TABLE kept (id bigint PRIMARY KEY); GRANT INSERT, SELECT ON kept TO ostrov_web")
    web.tell("cat >/root/writer && chmod 700 /root/writer", given=WRITER)
    web.tell(f"systemd-run --quiet --unit=writer /root/writer '{link(first, second)}'")

    def acknowledged() -> set[int]:
        return numbers(web.ask("cat /root/acknowledged").stdout)

    until(lambda: len(acknowledged()) > 30, "thirty writes", seconds=60)
    first.power_off()
    before = len(acknowledged())
    groups = {"database": [first], "database_replica": [second], "web": [web]}
    refused = play(groups, "promote.yml", "-e", f"promote={second.name}")
    assert refused.code != 0
    assert "Nothing was changed" in refused.output
    assert psql(second, "SELECT pg_is_in_recovery()").strip() == "t"

    play(groups, "promote.yml", "-e", f"promote={second.name}", "-e", "promote_old_is_off=true").succeeded()
    until(lambda: len(acknowledged()) > before + 30, "writes after the promotion", seconds=60)
    web.tell("touch /root/enough && while systemctl -q is-active writer; do sleep 0.1; done")
    assert acknowledged() <= numbers(psql(second, "SELECT id FROM kept"))

    first.boot()
    swapped = {"database": [second], "database_replica": [first], "web": [web]}
    play(swapped, "rejoin.yml", "-e", f"rejoin={first.name}").succeeded()
    assert numbers(psql(first, "SELECT id FROM kept")) == numbers(psql(second, "SELECT id FROM kept"))
    again = play(swapped, "site.yml", "--tags", ROLES).succeeded()
    assert again.changed == 0, again.changes
