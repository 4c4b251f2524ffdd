"""One server of the lab: boots, answers to ssh, loses power, is kept as a snapshot, goes away."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.provisioning.lab import layers, network
from tests.provisioning.lab.places import CONNECTIONS, GUESTS, KEY, KNOWN_HOSTS, READY, LabError, alone, control_group

REBOOT = 133
"""How nspawn ends when its guest asked for a reboot."""


@dataclass(frozen=True)
class Guest:
    """A server of the lab, by its name."""

    name: str

    @property
    def folder(self) -> Path:
        return GUESTS / self.name

    @property
    def root(self) -> Path:
        """Its file tree, seen from outside."""
        return self.folder / "root"

    @property
    def namespace(self) -> str:
        return f"ostrov-{self.name}"

    @property
    def group(self) -> Path:
        """Its control group: without one of its own, two guests would manage each other's services."""
        return control_group() / "ostrov-lab" / self.name

    @property
    def exists(self) -> bool:
        return (self.folder / "guest.json").exists()

    def facts(self) -> dict[str, object]:
        """`number` in its address, `stack` of snapshots below it, `extra` arguments of nspawn."""
        if not self.exists:
            raise LabError(f"There is no guest {self.name}: `up {self.name}` first")
        facts: dict[str, object] = json.loads((self.folder / "guest.json").read_text())
        return facts

    @property
    def number(self) -> int:
        return int(str(self.facts()["number"]))

    @property
    def address(self) -> str:
        return network.address(self.number)

    @property
    def running(self) -> bool:
        procs = self.group / "cgroup.events"
        return procs.exists() and "populated 1" in procs.read_text()

    def create(self, snapshot: str = READY, extra: Sequence[str] = ()) -> None:
        """Make it out of a snapshot; `extra` are further arguments of nspawn (a small disk, a device)."""
        with alone():
            kept = layers.Snapshot(snapshot)
            stack = kept.stack()
            taken = {guest.number for guest in guests()}
            wanted = [number for number in [kept.facts()["number"]] if isinstance(number, int)]
            number = next(number for number in [*wanted, *range(2, 250)] if number not in taken)
            self.folder.mkdir(parents=True, exist_ok=True)
            facts = {"number": number, "stack": stack, "extra": list(extra)}
            (self.folder / "guest.json").write_text(json.dumps(facts))
        if snapshot == READY:
            layers.mount(stack, self.folder / "written", self.root)
            (self.root / "etc/hostname").write_text(f"{self.name}\n")
            (self.root / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n::1 localhost\n")

    def boot(self, *, seconds: float = 60) -> None:
        """Switch it on and wait until it answers to ssh."""
        if self.running:
            raise LabError(f"{self.name} runs already")
        facts = self.facts()
        stack, extra = facts["stack"], facts["extra"]
        assert isinstance(stack, list)
        assert isinstance(extra, list)
        with alone():
            network.make_lan()
            network.plug(self.namespace, self.number)
            if not self.root.is_mount():
                layers.mount(stack, self.folder / "written", self.root)
        self._start(extra)
        self.wait(seconds=seconds)

    def _start(self, extra: list[str]) -> None:
        nspawn = [
            *("systemd-nspawn", "-D", self.root, "--boot", "--register=no", "--keep-unit", "-M", self.name),
            *("--resolv-conf=off", "--timezone=off", f"--network-namespace-path=/run/netns/{self.namespace}"),
            # Without CAP_BPF and the call, systemd in the guest ignores IPAddressDeny= without a word.
            *("--capability=CAP_NET_ADMIN,CAP_BPF,CAP_PERFMON", "--system-call-filter=bpf", *extra),
        ]
        command = shlex.join(map(str, nspawn))
        self._forget_group()
        self.group.mkdir(parents=True)
        CONNECTIONS.mkdir(exist_ok=True)
        (CONNECTIONS / self.address).unlink(missing_ok=True)
        loop = (
            f"echo $$ >{shlex.quote(str(self.group))}/cgroup.procs; "
            f"while :; do {command}; [ $? = {REBOOT} ] || break; done"
        )
        with (self.folder / "console.log").open("ab") as console:
            subprocess.Popen(
                ["sh", "-c", loop],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
                cwd="/",
                # The guest sets what belongs to its own network, as a machine does; the kernel is not its own.
                env={
                    **os.environ,
                    "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
                    "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
                },
            )

    def wait(self, *, seconds: float = 60) -> None:
        """Until ssh answers and systemd has finished starting (also when a service has failed)."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = self.ask("systemctl is-system-running", seconds=10)
            if answer.stdout.strip() in {"running", "degraded"}:
                return
            time.sleep(0.2)
        last = (self.folder / "console.log").read_text(errors="replace")[-2000:]
        raise LabError(f"{self.name} did not come up in {seconds:.0f} s; its console says:\n{last}")

    def ask(self, command: str, *, seconds: float = 600, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a shell command on it as root; the caller looks at the outcome."""
        try:
            return subprocess.run(
                [*self.ssh(), command], check=False, capture_output=True, text=True, timeout=seconds, input=given
            )
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess([command], 124, str(late.stdout or ""), f"no answer in {seconds} s")

    def ssh(self) -> list[str]:
        """The command that opens a session of root on it from the LAN."""
        options = [
            f"UserKnownHostsFile={KNOWN_HOSTS}",
            "StrictHostKeyChecking=yes",
            "ConnectTimeout=5",
            "LogLevel=ERROR",
        ]
        words = [word for option in options for word in ("-o", option)]
        return network.inside(["ssh", "-i", str(KEY), *words, f"root@{self.address}"])

    def tell(self, command: str, *, seconds: float = 600, given: str | None = None) -> str:
        """Run a shell command that must succeed; what it printed."""
        done = self.ask(command, seconds=seconds, given=given)
        if done.returncode:
            raise LabError(f"{self.name}: {command}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def reboot(self) -> None:
        """An orderly restart, as `systemctl reboot` does it."""
        before = self.tell("cat /proc/sys/kernel/random/boot_id")
        self.ask("systemctl reboot", seconds=10)
        end = time.monotonic() + 120
        while time.monotonic() < end:
            answer = self.ask("cat /proc/sys/kernel/random/boot_id", seconds=5)
            if answer.returncode == 0 and answer.stdout != before:
                return self.wait()
            time.sleep(0.2)
        raise LabError(f"{self.name} has not come back from its reboot")

    def power_off(self) -> None:
        """Pull the plug: everything dies at once, nothing is told."""
        if self.group.exists():
            (self.group / "cgroup.kill").write_text("1")
            self._until_dead(30)

    def shut_down(self) -> None:
        """An orderly shutdown; pulls the plug when it takes longer than a minute and a half."""
        supervisor = self.group / "supervisor" / "cgroup.procs"
        if self.running and supervisor.exists():
            for line in supervisor.read_text().split():
                os.kill(int(line), signal.SIGTERM)
            try:
                self._until_dead(90)
            except LabError:
                self.power_off()
        elif self.running:
            self.power_off()

    def _until_dead(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self.running:
            if time.monotonic() > end:
                raise LabError(f"{self.name} still runs after {seconds:.0f} s")
            time.sleep(0.05)

    def keep(self, snapshot: str) -> None:
        """Shut it down and keep it as a snapshot; it goes on from there at its next boot."""
        self.shut_down()
        layers.unmount(self.root)
        facts = self.facts()
        stack = facts["stack"]
        assert isinstance(stack, list)
        with alone():
            layers.Snapshot(snapshot).keep(self.folder / "written", below=stack, number=self.number)
            shutil.rmtree(self.folder / "work", ignore_errors=True)
            facts["stack"] = [snapshot, *stack]
            (self.folder / "guest.json").write_text(json.dumps(facts))

    def remove(self) -> None:
        """Switch it off without ceremony and take away all that it has written."""
        self.power_off()
        layers.unmount(self.root)
        network.unplug(self.namespace)
        self._forget_group()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _forget_group(self) -> None:
        """The kernel kills what starts in a group that was killed from one that was not: none is used twice."""
        if self.group.exists():
            for folder in sorted(self.group.rglob("*"), reverse=True):
                if folder.is_dir():
                    folder.rmdir()
            self.group.rmdir()


def guests() -> list[Guest]:
    """All guests, on or off."""
    return [Guest(path.parent.name) for path in sorted(GUESTS.glob("*/guest.json"))]
