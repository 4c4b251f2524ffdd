"""Debian packages: whether a bundle that lies here brings newer ones."""

from __future__ import annotations

from pathlib import Path

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.place import STATE
from appliance.doctor.result import Ok, Result, Warn
from appliance.doctor.said import Said, listed, same
from appliance.release.verifying import VERSION, version_key

BUNDLES = STATE / "bundles"
OF_THIS_RELEASE = "apt-get update ; apt-get upgrade (offline: apt reads the release's own bundle)"


def look(host: Host) -> Result:
    """Compare what is installed with what the received bundles offer."""
    offered = _offered(host.machine.path(BUNDLES))
    output = host.machine.run("dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Abbrev}\n")
    installed = {
        words[0]: words[1]
        for words in (line.split() for line in output.out.splitlines())
        if len(words) == 3 and words[2].startswith("ii")
    }
    newer = {
        name: bundle
        for name, (version, bundle) in sorted(offered.items())
        if name in installed and installed[name] != version and _is_newer(host, version, installed[name])
    }
    newer = _without_those_held_back(host, newer)
    half = sorted(
        line.split()[0] for line in output.out.splitlines() if len(line.split()) == 3 and line.split()[2][1] not in "in"
    )
    if half:
        told = [Said(f"{name} is half installed", f"{name} установлен наполовину") for name in half]
        return Warn(listed(told), same("dpkg --audit ; dpkg --configure --pending"))
    if newer:
        shown = [f"{name} {installed[name]} -> {offered[name][0]}" for name in newer]
        others = [bundle for bundle in newer.values() if bundle != host.place.release]
        bundle = f"ostrov-{max(others, key=version_key)}.bundle" if others else ""
        upgrade = f"ostrov update check {bundle} ; ostrov update apply {bundle}" if bundle else OF_THIS_RELEASE
        return Warn(listed(shown), same(upgrade))
    return Ok(
        Said(
            f"{len(installed)} packages, no bundle here brings newer ones.",
            f"Пакетов: {len(installed)}, более новых в бандлах здесь нет.",
        )
    )


def _offered(folder: Path) -> dict[str, tuple[str, str]]:
    """Package to its version and the release whose bundle brings it; of several bundles the newest."""
    found: dict[str, tuple[str, str]] = {}
    indexes = [path for path in folder.glob("*/apt/Packages") if VERSION.match(path.parts[-3])]
    for index in sorted(indexes, key=lambda path: version_key(path.parts[-3])):
        name = ""
        for line in index.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(": ")
            if key == "Package":
                name = value
            elif key == "Version":
                found[name] = (value, index.parts[-3])
    return found


def _without_those_held_back(host: Host, newer: dict[str, str]) -> dict[str, str]:
    """Drop what apt itself leaves alone in the bundle of this release: it would break a package that is not in it."""
    if host.place.release not in newer.values():
        return newer
    output = host.machine.run("apt-get", "--simulate", "-qq", "upgrade")
    if output.code != 0:
        return newer
    taken = {line.split()[1] for line in output.out.splitlines() if line.startswith("Inst ")}
    return {name: bundle for name, bundle in newer.items() if bundle != host.place.release or name in taken}


def _is_newer(host: Host, one: str, other: str) -> bool:
    """Whether a version of a Debian package comes after another."""
    return host.machine.run("dpkg", "--compare-versions", one, "gt", other, live=False).code == 0


CHECK = Check(
    id="security.packages",
    title=Said("Debian's packages are those of the newest bundle", "Пакеты Debian — из последнего бандла"),
    expected=Said(
        "No bundle on this server brings newer packages, none is half installed.",
        "Бандлы на сервере не содержат более новых пакетов, ни один не установлен наполовину.",
    ),
    control="ISO 27001 A.8.8; CIS v8 7.3",
    run=look,
)
