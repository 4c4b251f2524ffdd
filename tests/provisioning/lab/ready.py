"""The bare server that every guest begins as, made once and kept, and packages: only this needs the network."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.provisioning.lab import layers, network
from tests.provisioning.lab.places import (
    BASE,
    HOME,
    KEY,
    KNOWN_HOSTS,
    PACKAGES,
    READY,
    LabError,
    alone,
    control_group,
    run,
)

# What Debian's installer leaves on a server with "SSH server" ticked, as far as it matters here.
INSTALLED = "openssh-server sudo python3 python3-apt dbus libpam-systemd iproute2 systemd-timesyncd"
QUIET = "DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends"


def why_not() -> str | None:
    """Why this machine cannot have a lab, in a sentence; None when it can."""
    if os.geteuid() != 0:
        return "the lab boots containers, which needs root"
    missing = sorted({package for program, package in PACKAGES.items() if not shutil.which(program)})
    if missing:
        return f"not installed: {' '.join(missing)} (apt-get install them)"
    try:
        control_group()
        run(["ip", "netns", "add", "ostrov-probe"])
        run(["ip", "netns", "del", "ostrov-probe"])
        run(["unshare", "--mount", "--pid", "--fork", "--uts", "--ipc", "true"])
    except LabError as refused:
        return f"this machine lends no namespaces: {refused}"
    return None


def install_tools() -> None:
    """The programs that are missing, from Debian's packages."""
    missing = sorted({package for program, package in PACKAGES.items() if not shutil.which(program)})
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        run(["apt-get", "update", "-qq"])
        run(["sh", "-c", f"{QUIET} {' '.join(missing)}"])


def prepare(say: Callable[[str], None] = print) -> None:
    """All that guests need: the base tree, the key, the bare server. What is there already is left alone."""
    install_tools()
    reason = why_not()
    if reason:
        raise LabError(f"No lab here: {reason}")
    with alone():
        if not (BASE / "etc/debian_version").exists():
            say("lab: a base tree of Debian 13 (debootstrap, about a minute)")
            _debootstrap()
        if not KEY.exists():
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", KEY])
        if not layers.Snapshot(READY).exists:
            say("lab: the bare server (ssh, sudo, python3)")
            _make_ready()


def _debootstrap() -> None:
    partly = HOME / "base.partly"
    shutil.rmtree(partly, ignore_errors=True)
    mirror = os.environ.get("OSTROV_LAB_MIRROR")
    run(["debootstrap", "trixie", partly, *([mirror] if mirror else [])], seconds=1200)
    run(["chroot", partly, "apt-get", "clean"])
    partly.rename(BASE)


def _make_ready() -> None:
    place = HOME / "making"
    shutil.rmtree(place / "written", ignore_errors=True)
    with _mounted([], place) as root:
        in_tree(root, f"apt-get update -qq && {QUIET} {INSTALLED} && apt-get clean")
        shutil.rmtree(root / "var/lib/apt/lists")
        (root / "var/lib/apt/lists/partial").mkdir(parents=True)
        (root / "etc/resolv.conf").unlink(missing_ok=True)
        (root / "etc/resolv.conf").write_text("")
        ssh = root / "root/.ssh"
        ssh.mkdir(mode=0o700, exist_ok=True)
        (ssh / "authorized_keys").write_text(KEY.with_suffix(".pub").read_text())
        (ssh / "authorized_keys").chmod(0o600)
        host_key = (root / "etc/ssh/ssh_host_ed25519_key.pub").read_text()
        KNOWN_HOSTS.write_text("".join(f"{network.address(number)} {host_key}" for number in range(2, 250)))
    layers.Snapshot(READY).keep(place / "written", below=[], number=None)
    shutil.rmtree(place)


def download_packages(into: Path, packages: Sequence[str]) -> None:
    """Put the .deb files of packages, and of all that they need over Debian's base, into a folder."""
    into.mkdir(parents=True, exist_ok=True)
    archives = "/var/cache/apt/archives"
    with tempfile.TemporaryDirectory(dir=HOME, prefix="debs-") as folder, _mounted([], Path(folder)) as root:
        in_tree(
            root,
            f"apt-get update -qq && {QUIET} --download-only {' '.join(packages)}",
            f"--bind={into.resolve()}:{archives}",
        )
    for rest in (into / "lock", into / "partial"):
        shutil.rmtree(rest) if rest.is_dir() else rest.unlink(missing_ok=True)


@contextmanager
def _mounted(stack: list[str], place: Path) -> Iterator[Path]:
    layers.mount(stack, place / "written", place / "root")
    try:
        yield place / "root"
    finally:
        layers.unmount(place / "root")


def in_tree(root: Path, command: str, *extra: str) -> None:
    """Run a shell command in a tree that is not booted; it shares the machine's network."""
    words = ["systemd-nspawn", "-q", "--register=no", "--keep-unit", "-D", str(root), "--as-pid2", *extra]
    done = subprocess.run([*words, "sh", "-c", command], check=False, capture_output=True, text=True, timeout=1200)
    if done.returncode:
        raise LabError(f"{command} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
