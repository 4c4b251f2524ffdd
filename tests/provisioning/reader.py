"""A person who follows a page of the documentation literally: at a controller in the LAN, as root on the servers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.provisioning.lab import bundles, network, playbooks
from tests.provisioning.lab.guest import Guest
from tests.provisioning.lab.places import CHECKOUT, run
from tests.provisioning.lab.playbooks import DOMAIN
from tests.provisioning.pages import Typed, Written, missing, steps

DOCS = CHECKOUT / "docs"
CONTROLLER, BUILDER, SERVER = "controller", "builder", "server"
INSTALL = "install.md"
BEFORE = ("What you need", "1. Take the playbooks out of the bundle", "2. Write down what is yours")
INSTALLING = "3. Install"
PASSWORD = "the-word-of-the-sysadmin"
SYSADMIN = f"""
id sysadmin 2>/dev/null || useradd --create-home --shell /bin/bash --groups sudo sysadmin
echo 'sysadmin:{PASSWORD}' | chpasswd
echo 'sysadmin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/sysadmin
"""
"""What Debian's installer asks for: an account that may use sudo. It is not asked for its password there."""
KNOWN = "install -D -o sysadmin -g sysadmin -m 600 /dev/stdin /home/sysadmin/.ssh/authorized_keys"
ANSWERS = f"""#!/bin/sh
case "$1" in *yes/no*) echo yes ;; *) echo '{PASSWORD}' ;; esac
"""
AT_THE_BUILDER = """
set -e
cd "$(cat "$DESK/folder")"
exec bash -c "$0
code=\\$?; pwd >\\"\\$DESK/folder\\"; exit \\$code"
"""
"""The builder is this machine, with its network: the folder of one line is that of the next."""
AT_THE_DESK = f"""
set -e
mount --bind "$DESK/ssh" ~/.ssh
mount --bind "$DESK/srv" /srv
mount --bind "$DESK/hosts" /etc/hosts
{AT_THE_BUILDER}
"""
"""The controller has folders of its own; the machine's are not seen."""


@dataclass(frozen=True)
class Done:
    """What became of one step."""

    step: Typed | Written
    code: int
    output: str
    seconds: float


@dataclass
class Reader:
    """Follows pages with a controller of its own and the servers that a page names.

    `desk`: a folder for the controller's files; `values`: what the reader fills in for the examples of a page.
    """

    servers: Mapping[str, Guest]
    desk: Path
    values: Mapping[str, str] = field(default_factory=dict)

    def sit_down(self, *, hosts: str = "") -> Reader:
        """Prepare the controller: a key of the person's, a /srv of its own, the names that the company's DNS knows."""
        for name in ("ssh", "srv", "control"):
            (self.desk / name).mkdir(parents=True, exist_ok=True)
        (self.desk / "ssh").chmod(0o700)
        key = self.desk / "ssh" / "id_ed25519"
        if not key.exists():
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "sysadmin", "-f", key])
        (self.desk / "hosts").write_text(f"127.0.0.1 localhost\n{hosts}")
        folder = self.desk / "folder"
        folder.write_text(folder.read_text() if folder.exists() else "/\n")
        answers = self.desk / "answers"
        answers.write_text(ANSWERS)
        answers.chmod(0o755)
        Path("~/.ssh").expanduser().mkdir(mode=0o700, exist_ok=True)
        return self

    def put(self, file: Path, at: str) -> None:
        """Lay a file onto the controller, under /srv, as somebody does with a stick."""
        target = self.desk / "srv" / at.removeprefix("/srv/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(file.resolve(), target)
        except OSError:
            shutil.copy(file, target)

    def follow(self, page: str, *sections: str, only: Callable[[Typed | Written], bool] = lambda _: True) -> list[Done]:
        """Do what a page tells, or what some sections of it tell; each step must end as the page says."""
        chosen = [step for step in steps(DOCS / page) if (not sections or step.section in sections) and only(step)]
        assert chosen, f"{page} has nothing to follow in {sections}"
        lost = set(sections) - {step.section for step in chosen}
        assert not lost, f"{page} has nothing to follow in {lost}"
        return [self.do(step, page) for step in chosen]

    def moved(self, servers: Mapping[str, Guest], desk: Path, **values: str) -> Reader:
        """The same person with all files at another desk, and with other servers: a copy of the first."""
        shutil.copytree(self.desk, desk, dirs_exist_ok=True, copy_function=_copy, ignore=lambda *_: {"control"})
        return Reader(servers, desk, {**self.values, **values})

    def do(self, step: Typed | Written, page: str) -> Done:
        """Do one step and compare what is seen with the page."""
        return self.judge(self.attempt(step), page)

    def judge(self, done: Done, page: str) -> Done:
        """Compare what was seen with the page."""
        step = done.step
        wanted = step.code if isinstance(step, Typed) else 0
        told = f"{page}, line {step.line}: {_brief(step)}"
        assert done.code == wanted, f"{told}\nended with {done.code}, not {wanted}:\n{done.output[-6000:]}"
        if isinstance(step, Typed):
            lost = missing(tuple(self.filled(line) for line in step.seen), done.output)
            assert lost is None, f"{told}\nThis is not seen: {lost}\nbut:\n{done.output[-6000:]}"
        return done

    def attempt(self, step: Typed | Written) -> Done:
        """Do one step, however it ends."""
        began = time.monotonic()
        if isinstance(step, Written):
            step = replace(step, path=self.filled(step.path), content=self.filled(step.content))
            command, given = f"cat > '{step.path}'", step.content
        else:
            step = replace(step, command=self.filled(step.command))
            command, given = step.command, ""
        ended = self._hand(step.where)(command, given)
        return Done(step, ended.returncode, ended.stdout + (ended.stderr or ""), time.monotonic() - began)

    def filled(self, text: str) -> str:
        """A text of a page with the reader's own values in place of the examples."""
        for example in sorted(self.values, key=len, reverse=True):
            text = text.replace(example, self.values[example])
        return text

    def _hand(self, host: str) -> Callable[[str, str], subprocess.CompletedProcess[str]]:
        """What types a command, and what is given to it, on a host."""
        if host == CONTROLLER:
            return lambda command, given: self._type(network.inside(["sh", "-c", AT_THE_DESK, command]), given)
        if host == BUILDER:
            return lambda command, given: self._type(["sh", "-c", AT_THE_BUILDER, command], given)
        assert host in self.servers, f"the page names {host}, there are {', '.join(self.servers)}"
        return lambda command, given: self.servers[host].ask(command, seconds=1200, given=given)

    def _type(self, words: Sequence[str], given: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            check=False,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._environment(),
            timeout=2400,
        )

    def _environment(self) -> dict[str, str]:
        """What a fresh shell on the controller has; questions of ssh are answered by the person."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        return {
            **kept,
            "DESK": str(self.desk),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "LC_ALL": "C.UTF-8",
            "SSH_ASKPASS": str(self.desk / "answers"),
            "SSH_ASKPASS_REQUIRE": "force",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.desk / "control"),
        }


def _copy(source: str, target: str) -> str:
    """A copy of a file; what nobody writes into, and is large, is the same file."""
    if source.endswith(".bundle"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)
    return target


def _brief(step: Typed | Written) -> str:
    return f"{step.where}: {step.command if isinstance(step, Typed) else 'write ' + step.path}"


def customer(guest: Guest, bundle: Path, desk: Path) -> Reader:
    """Somebody who has a bundle, a bare server (or one that was installed), and the page about installing."""
    guest.tell(SYSADMIN)
    reader = Reader({SERVER: guest}, desk).sit_down(hosts=f"{guest.address} {DOMAIN}\n")
    key = (desk / "ssh" / "id_ed25519.pub").read_text()
    if guest.ask("test -e /opt/ostrov/current").returncode == 0:
        guest.tell(KNOWN, given=key)  # an installed server refuses passwords: whoever installed it left the key there
    company, keys = playbooks.given(), bundles.trusted()
    manifest = json.loads(run(["tar", "-xOf", bundle, "--occurrence=1", "manifest.json"]))
    reader.values = {
        "192.0.2.10": guest.address,
        "  - 192.0.2.0/24": f"  - {network.NETWORK}\n  - {network.NETWORK6}",
        "crm.example.lan": DOMAIN,
        "0.1.0": str(manifest["version"]),
        "ostrov ssh-ed25519 AAAA… release-key": "\n".join(f"ostrov {key}" for key in keys),
        "  - ssh-ed25519 AAAA… release-key": "\n".join(f"  - {key}" for key in keys),
        "ssh-ed25519 AAAA… keeper": key.strip(),
        "Example Ltd": str(company["ostrov_company_name"]),
        "ostrov_locale: en": f"ostrov_locale: {company['ostrov_locale']}",
    }
    reader.put(bundle, f"/srv/ostrov/ostrov-{manifest['version']}.bundle")
    return reader
