"""Two machines for docs/scale-out.md: an appliance with people in it, a machine beside it, and whoever grows them."""

from __future__ import annotations

import json
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx

from tests.provisioning.lab.browser import Browser
from tests.provisioning.lab.guest import Guest
from tests.provisioning.lab.places import CHECKOUT, KNOWN_HOSTS
from tests.provisioning.lab.playbooks import PROVISIONING, given
from tests.provisioning.reader import SYSADMIN, Reader

FIRST, SECOND = "crm", "crm2"
# As docs/install.md leaves the controller; the bundle has the same two programs beside its playbooks.
CHECKERS = ("verifying.py", "reading.py")
KEYS = """
install -d -m 700 -o sysadmin -g sysadmin ~sysadmin/.ssh
install -m 600 -o sysadmin -g sysadmin /dev/stdin ~sysadmin/.ssh/authorized_keys
"""
EMPTY = r"""
set -e
systemctl stop ostrov.target ostrov-gateway.socket
runuser -u postgres -- dropdb --force ostrov
rm -r /etc/ostrov/pki /etc/ostrov/secrets
rm -rf /var/lib/ostrov/files/* /var/lib/ostrov/models/*
"""
"""What tells an installed machine from one that has the packages only, as far as a second machine is concerned."""
A_SECOND = 10


def controller(first: Guest, second: Guest, bundle: Path, desk: Path) -> Reader:
    """Somebody who has installed the first machine by docs/install.md, and has a second one."""
    reader = Reader({FIRST: first, SECOND: second}, desk).sit_down()
    reader.values = {"192.0.2.10": first.address, "192.0.2.11": second.address}
    (desk / "ssh/known_hosts").write_text(KNOWN_HOSTS.read_text())
    key = (desk / "ssh/id_ed25519.pub").read_text()
    for guest in (first, second):
        guest.tell(SYSADMIN)
        guest.tell(KEYS, given=key)
    reader.put(bundle, f"/srv/ostrov/{bundle.name}")
    playbooks = desk / "srv/ostrov/provisioning"
    shutil.copytree(PROVISIONING, playbooks)
    (playbooks / "files").mkdir(exist_ok=True)
    for name in CHECKERS:
        shutil.copy(CHECKOUT / "appliance/release" / name, playbooks / "files" / name)
    company = {name: value for name, value in given().items() if name.startswith("ostrov_")}
    settings = playbooks / "inventories/company/group_vars/all/main.yml"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({**company, "ostrov_bundle": f"/srv/ostrov/{bundle.name}"}))
    return reader


def psql(guest: Guest, statement: str, database: str = "ostrov") -> list[str]:
    """What a machine's own database answers to its superuser, a line a row."""
    return guest.tell(f"runuser -u postgres -- psql -XAtqd {database} -f -", given=statement).split("\n")[:-1]


@dataclass
class Clerk:
    """Somebody who saves one client after another over TLS, and notes which of them were shown as saved."""

    browser: Browser
    token: str
    saved: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    refused: int = 0
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._work)
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join(120)

    def _work(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        number = 0
        while not self._stopped.is_set():
            number += 1
            name = f"Kept {number}"
            began = time.monotonic()
            try:
                answer = self.browser.post("/api/v1/people", headers=headers, json={"full_name": name}, timeout=30)
            except httpx.HTTPError:
                self.refused += 1
                continue
            if answer.status_code == httpx.codes.CREATED:
                self.saved.append(name)
                self.at.append(time.monotonic())
            else:
                self.refused += 1
            self._stopped.wait(max(0.0, began + 1 / A_SECOND - time.monotonic()))


def kept(guest: Guest) -> set[str]:
    """The clients of the clerk that a machine's database holds."""
    return set(psql(guest, "SELECT full_name FROM people WHERE full_name LIKE 'Kept %'"))
