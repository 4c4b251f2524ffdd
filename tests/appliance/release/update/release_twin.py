"""A machine that keeps its state in files, so that a process which works on it may be killed at any point.

Every change is an effect; a `Fate` says at which one the process dies, or the step fails.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path

from appliance.release.update.engine import Engine, Result, StepFailed
from appliance.release.update.files import write_whole
from appliance.release.update.journal import Journal, open_journal
from appliance.release.update.layout import Layout
from appliance.release.update.plan import UPDATE, Plan, web_unit
from appliance.release.update.ports import Machine, PackageChange, Release, Schema
from appliance.release.update.steps import course

OLD, NEW = "1.0.0", "1.1.0"
LABEL = "20261122T090000-1.1.0"
PROGRAMS = ["ostrov-gateway.service", "ostrov-gateway.socket", "ostrov-llm.service", "ostrov-worker.service"]


class Fate:
    """Counts effects and journal lines; at the chosen one the process dies or the step fails."""

    def __init__(self, die_at: int | None = None, fail_at: str | None = None) -> None:
        self.die_at = die_at
        self.fail_at = fail_at
        self.moments: list[str] = []

    def __call__(self, moment: str) -> None:
        self.moments.append(moment)
        if self.die_at == len(self.moments):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fail_at == moment:
            self.fail_at = None  # the way back works
            raise StepFailed(f"{moment} failed")

    def line(self, record) -> None:
        """A journal line was written."""
        self.moments.append(f"line {record.event} {record.step}")
        if self.die_at == len(self.moments):
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class TwinMachine:
    """All ports in one; each name is the port's own."""

    layout: Layout
    fate: Fate = field(default_factory=Fate)
    free_bytes: int = 1 << 40
    returned: list[str] = field(default_factory=list)
    """Moments to which the database was brought back, as its audit notes them."""

    # what the twin remembers

    @property
    def _file(self) -> Path:
        return self.layout.root / "machine.json"

    def state(self) -> dict:
        return json.loads(self._file.read_text())

    def _change(self, moment: str, **changes) -> None:
        self.fate(f"before {moment}")
        write_whole(self._file, json.dumps({**self.state(), **changes}, sort_keys=True))
        self.fate(f"after {moment}")

    # Bundles

    def verify(self, bundle, *, older=False):
        if bundle.read_text() != "good":
            raise StepFailed("The bundle was changed.")
        return Release(NEW, "key", "0.9.0", Schema({"webapp": "0002"}, OLD), 10)

    def unpack(self, bundle, folder):
        shutil.rmtree(folder, ignore_errors=True)
        self.fate("before unpack")
        folder.with_name("half").mkdir()
        self.fate("half unpack")
        (folder.with_name("half") / "manifest.json").write_text("{}")
        folder.with_name("half").rename(folder)
        self.fate("after unpack")

    def clear(self, folder, keep):
        self.fate("before clear")
        shutil.rmtree(folder.with_name("half"), ignore_errors=True)
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)

    def installed(self, version):
        return Release(version, "key")

    def remember(self, release, entry):
        self._change("remember", installed=release.version)

    # Services

    def active(self, unit):
        return unit in self.state()["active"]

    def enabled(self, unit):
        return unit in self.state()["at_boot"]

    def at_boot(self, unit, wanted):
        units = set(self.state()["at_boot"]) - {unit} | ({unit} if wanted else set())
        self._change(f"at_boot {unit} {wanted}", at_boot=sorted(units))

    def start(self, unit):
        self._run(f"start {unit}", unit)

    def restart(self, units):
        for unit in units:
            self._run(f"restart {unit}", unit)

    def _run(self, moment, unit):
        code = unit.partition("@")[2].removesuffix(".service") or self.layout.current.readlink().name
        code = "systemd" if unit.endswith(".socket") else code
        self._change(moment, active={**self.state()["active"], unit: code})

    def settle(self, units):
        for unit in units:
            self.fate(f"settle {unit}")
            assert self.active(unit)

    def stop(self, unit):
        self._change(f"stop {unit}", active={u: v for u, v in self.state()["active"].items() if u != unit})

    # Front

    def serving(self):
        return self.layout.upstream.read_text()

    def serve(self, version):
        self.fate("before upstream")
        write_whole(self.layout.upstream, version)
        self._change(f"reload {version}", loaded=version)

    def drain(self):
        self.fate("drain")

    # Instances

    def wait_ready(self, version):
        self.fate(f"ready {version}")
        schema = self.state()["database"]["heads"]["webapp"]
        assert web_unit(version) in self.state()["active"], f"{version} does not run"
        if version == NEW:
            assert schema == "0002"
        elif not self.state()["readable"]:
            assert schema == "0001", "the old release was started on a schema that it cannot read"
        return {}

    # Packages

    def changes(self, bundle):
        assert (bundle / "manifest.json").exists()
        return [PackageChange("nginx", "1.26.3-1", "1.26.3-2")]

    def install(self, bundle, changes):
        if isinstance(changes, str):  # the installer's verb has the same name
            self._install_release(changes)
            return
        self._change("packages", packages={c.name: c.new for c in changes})

    def source(self):
        return self.layout.bundle(OLD)

    def put_back(self, bundle, changes, source):
        assert source == self.layout.bundle(OLD)
        self._change("packages back", packages={c.name: c.old for c in changes})
        return []

    # Installer

    def _install_release(self, version):
        folder = self.layout.release(version)
        self.fate("before release")
        folder.mkdir()
        (folder / "venv").mkdir()
        self.fate("half release")
        (folder / "manifest.json").write_text("{}")
        self.fate("after release")

    def smoke(self, version):
        self.fate("smoke")

    # Database

    def heads(self):
        return self.state()["database"]["heads"]

    def migrate(self, version):
        head = {NEW: "0002", OLD: "0001"}[version]
        self._change("migrate", database={**self.state()["database"], "heads": {"webapp": head}})

    def audit_head(self):
        return {"seq": 7, "hash": "07"}

    def note_return(self, label, lost):
        assert lost["seq"] == 7
        self.fate("note return")
        self.returned.append(label)

    # Backups

    def room_needed(self):
        return 1000

    def take(self, label):
        folder = self.layout.backups / label
        self.fate("before backup")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.fate("half backup")
        self._change("slot", slot=label)
        return {"label": label}

    def mark(self, label):
        self.fate("before mark")
        write_whole(self.layout.backups / label / "point.json", json.dumps(self.state()["database"]))
        self._change("mark", slot="")
        return {"point": label}

    def restore(self, label):
        assert not [unit for unit in self.state()["active"] if "web" in unit or "worker" in unit], "somebody may write"
        self._change("restore", database=json.loads((self.layout.backups / label / "point.json").read_text()))

    def forget(self, label):
        self.fate("before forget")
        shutil.rmtree(self.layout.backups / label, ignore_errors=True)
        if self.state()["slot"] == label:
            self._change("forget slot", slot="")

    # Hooks

    def names(self, moment):
        return ["10-tell"]

    def call(self, moment, name, about):
        self.fate(f"{moment} hook")
        return {"hook": name}

    # Prober, Doctor, Room

    def probe(self, version):
        self._change("probe opens", probe=True)
        assert self.serving() == version
        self._change("probe closes", probe=False)
        return {"sign_in": "ok"}

    def close(self):
        self._change("probe off", probe=False)

    def examine(self):
        return {}

    def free(self, folder):
        return self.free_bytes

    def ports(self) -> Machine:
        return Machine(self, self, self, self, self, self, self, self, self, self, self, self)


def furnish(root: Path, *, readable: bool) -> Layout:
    """A machine on which OLD serves, and a bundle of NEW."""
    layout = Layout(root)
    for folder in (layout.release(OLD) / "venv", layout.bundle(OLD), layout.journals, layout.backups):
        folder.mkdir(parents=True)
    for folder in (layout.release(OLD), layout.bundle(OLD)):
        (folder / "manifest.json").write_text("{}")
    layout.current.symlink_to(f"releases/{OLD}")
    layout.upstream.parent.mkdir(parents=True)
    layout.upstream.write_text(OLD)
    (root / "new.bundle").write_text("good")
    units = {**dict.fromkeys(PROGRAMS, OLD), "ostrov-gateway.socket": "systemd", web_unit(OLD): OLD}
    state = {
        "active": units,
        "at_boot": sorted(set(units) - {"ostrov-gateway.service"}),
        "loaded": OLD,
        "packages": {"nginx": "1.26.3-1"},
        "database": {"heads": {"webapp": "0001"}, "rows": ["a client"]},
        "slot": "",
        "probe": False,
        "installed": OLD,
        "readable": readable,
    }
    write_whole(root / "machine.json", json.dumps(state, sort_keys=True))
    return layout


def plan_of(layout: Layout, *, readable: bool) -> Plan:
    """The plan of the update from OLD to NEW."""
    return Plan(LABEL, UPDATE, OLD, NEW, str(layout.root / "new.bundle"), readable, "tester", "", "0.9.0", 10)


def apply(layout: Layout, plan: Plan, fate: Fate, machine: TwinMachine | None = None) -> Result:
    """Run an update in this process."""
    steps = course(plan, layout, (machine or TwinMachine(layout, fate)).ports())
    journal = Journal(layout.journals / f"{plan.label}.jsonl", fate.line)
    return Engine(journal, steps.steps, steps.finishing, pause_seconds=0).run(plan.as_facts())


def resume(layout: Layout, fate: Fate) -> Result | None:
    """What happens at boot: nothing when no update is open."""
    journal = open_journal(layout.journals, fate.line)
    if journal is None:
        return None
    plan = Plan.from_facts(journal.facts("begin"))
    steps = course(plan, layout, TwinMachine(layout, fate).ports())
    return Engine(journal, steps.steps, steps.finishing, pause_seconds=0).resume()


def picture(layout: Layout) -> dict:
    """Everything on the machine but journals: files, links, services, database. What an update must bring back."""
    found = {}
    for path in sorted(layout.root.rglob("*")):
        name = str(path.relative_to(layout.root))
        if layout.journals in path.parents:
            continue
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = path.read_text()
        else:
            found[name] = "folder"
    found["machine.json"] = json.loads(found["machine.json"])
    return found
