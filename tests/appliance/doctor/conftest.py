"""A PostgreSQL of our own with the whole schema, and the twin of a server on which all is well."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from appliance.audit.chain import Entry, append
from appliance.demo.postgres import EmbeddedPostgres, serve_in_background
from appliance.doctor.check import Check
from appliance.doctor.checks import CHECKS
from appliance.doctor.host import Host
from appliance.doctor.machine import Answer
from appliance.doctor.place import find_place
from appliance.doctor.result import Finding
from appliance.doctor.running import chosen, run_checks
from appliance.doctor.waivers import read_waivers
from appliance.modelstore import describing, manifest
from appliance.modelstore.store import ModelStore
from appliance.offline import SWITCHES
from inference.migrations.upgrade import upgrade as upgrade_gateway
from tests.appliance.doctor.twin import TwinMachine, recorded
from tests.appliance.modelstore.weights import gguf
from webapp.migrations.run import migrate

VERSION = "0.1.0"
DOMAIN = "crm.lab.test"
READY = {"ready": True, "engines": {name: {"state": "ready", "reason": None} for name in ("chat", "embed", "speech")}}
PATIENCE_SECONDS = 120.0  # tests share the machine with others; how long the doctor takes is measured elsewhere
OF_THE_REAL_MACHINE = "services.disk"  # the disk below the twin's files is the real one, full or not
BY_ID = {check.id: check for check in CHECKS}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process of the tests runs all of these: they share a PostgreSQL of their own."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.xdist_group("doctor"))


@pytest.fixture(scope="session")
def cluster() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that is set as a server's is: it archives, keeps checksums, and listens on no network."""
    with tempfile.TemporaryDirectory(prefix="od-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "data", Path(folder) / "s")
        server.initialise()
        with (server.data / "postgresql.conf").open("a") as settings:
            settings.write("archive_mode = on\narchive_command = '/bin/true'\nshared_buffers = 32MB\n")
        serve_in_background(server, Path(folder) / "log")
        migrate(server.url("ostrov_owner"))
        upgrade_gateway(server.url("ostrov_owner"))
        try:
            yield server
        finally:
            server.recover()
            shutil.rmtree(server.sockets, ignore_errors=True)


@pytest.fixture
def database(cluster: EmbeddedPostgres) -> EmbeddedPostgres:
    """The cluster with a few entries in its audit; what a test writes there is gone afterwards."""
    with psycopg.connect(cluster.dsn(database="ostrov"), autocommit=True) as connection:
        connection.execute("TRUNCATE audit.entries")
    write_entries(cluster, 5)
    return cluster


def write_entries(server: EmbeddedPostgres, count: int) -> None:
    """Add entries to the chain as the web application does."""
    engine = create_engine(server.url("ostrov_web"))
    with engine.begin() as connection:
        now = datetime.now(UTC)
        append(
            connection, [Entry(now, "system", None, "system", "test.happened", "test", str(n)) for n in range(count)]
        )
    engine.dispose()


def set_anew(server: EmbeddedPostgres) -> None:
    """Take back what was set, by a new start: a reload would leave traces of the options on the command line."""
    as_superuser(server, "ALTER SYSTEM RESET ALL")
    serve_in_background(server, server.data.parent / "log")


def as_superuser(server: EmbeddedPostgres, *statements: str) -> None:
    """Do what only the superuser of the database may."""
    with psycopg.connect(server.dsn(database="ostrov"), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@dataclass
class Server:
    """The twin of a provisioned server, and what the doctor says of it."""

    machine: TwinMachine
    database: EmbeddedPostgres
    deep: bool = False
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.machine.root

    def write(self, path: str, text: str, mode: int = 0o644) -> Path:
        """Put a file in its place."""
        target = self.machine.path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_text(text)
        target.chmod(mode)
        return target

    def change(self, command: str, old: str, new: str) -> None:
        """Change what a command gives."""
        output = self.machine.outputs[command]
        assert old in output.out, f"{old!r} is not in the recording of {command}"
        self.machine.outputs[command] = type(output)(output.code, output.out.replace(old, new), output.err)

    def host(self) -> Host:
        place = find_place(self.machine, self.environ)
        held = read_waivers(place.waivers, self.machine.now().date(), set(BY_ID))
        return Host(self.machine, place, self.deep, held)

    def all(self, checks: list[Check] | None = None) -> dict[str, Finding]:
        """Every finding by its id."""
        patient = [dataclasses.replace(check, seconds=PATIENCE_SECONDS) for check in checks or CHECKS]
        found = {finding.id: finding for finding in run_checks(self.host(), patient, seconds=PATIENCE_SECONDS)}
        found.pop(OF_THE_REAL_MACHINE, None)
        return found

    def one(self, check: str) -> Finding:
        """The finding of one check."""
        return self.all(chosen(CHECKS, [check]))[check]


def openssl(*arguments: str, folder: Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="session")
def make_certificate(tmp_path_factory) -> Callable[..., tuple[str, str]]:
    """Make an authority and a certificate that it signed: (authority, certificate) as PEM."""

    def make(name: str = DOMAIN, days: int = 365) -> tuple[str, str]:
        folder = tmp_path_factory.mktemp("pki")
        ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        openssl("req", "-x509", *ec, "-keyout", "ca.key", "-out", "ca.crt", "-days", "3650", "-subj", "/CN=Authority",
                folder=folder)  # fmt: skip
        openssl("req", *ec, "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", f"/CN={name}", folder=folder)
        (folder / "names").write_text(f"subjectAltName=DNS:{name}\n")
        openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", str(days), "-extfile", "names", "-out", "leaf.crt", folder=folder)  # fmt: skip
        return (folder / "ca.crt").read_text(), (folder / "leaf.crt").read_text()

    return make


@pytest.fixture(scope="session")
def certificates(make_certificate) -> tuple[str, str]:
    """An authority, and a certificate for a year."""
    return make_certificate()


@pytest.fixture
def server(tmp_path: Path, database: EmbeddedPostgres, certificates: tuple[str, str]) -> Server:
    """A server on which all is well: recorded commands, real files, a real database, real certificates."""
    authority, leaf = certificates
    outputs = recorded("healthy")
    counters = outputs["nft -j list counters"]
    risen = type(counters)(0, counters.out.replace('"packets": 0', '"packets": 2'))
    assert risen != counters
    outputs["nft -j list counters"] = [counters, risen]
    machine = TwinMachine(tmp_path, outputs, shown=leaf, root_id=os.getuid())
    machine.answers = {
        "https://127.0.0.1/readyz": Answer(200, '{"ready": true}'),
        "http://127.0.0.1:8090/readyz": Answer(200, json.dumps(READY)),
    }
    server = Server(machine, database)
    _files(server, authority)
    return server


def _files(server: Server, authority: str) -> None:
    """Lay out the files of a server."""
    release = f"/opt/ostrov/releases/{VERSION}"
    server.write(f"{release}/venv/bin/ostrov", "#!/bin/sh\n", 0o755)
    server.write(f"{release}/manifest.json", json.dumps({"version": VERSION, "built_at": "2026-11-01T00:00:00+00:00"}))
    server.machine.path("/opt/ostrov/current").symlink_to(f"releases/{VERSION}")
    server.write("/etc/ostrov/common.env", f"OSTROV_DOMAIN={DOMAIN}\nOSTROV_MODELS_DIR=/var/lib/ostrov/models\n")
    server.write("/etc/ostrov/migrate.env", f"OSTROV_DATABASE_URL={server.database.url('ostrov_owner')}\n")
    server.write("/etc/ostrov/pki/ca.crt", authority)
    for name in ("gateway_key", "secret_key"):
        server.write(f"/etc/ostrov/secrets/{name}", "secret", 0o400)
    server.write("/etc/ostrov/pki/private/ca.key", "key", 0o400)
    for folder in ("/etc/ostrov/secrets", "/etc/ostrov/pki/private"):
        server.machine.path(folder).chmod(0o700)
    for program in ("web", "worker", "gateway", "llm", "embed", "speech"):
        server.write(f"/etc/ostrov/{program}.env", "OSTROV_TIMEZONE=Europe/Moscow\n")
    server.write("/etc/nginx/ostrov-upstream.conf", "server unix:/run/ostrov-web/0.1.0.sock;\n")
    server.machine.path("/etc/postgresql/17/main").mkdir(parents=True)
    server.write("/etc/nftables.conf", "table inet ostrov { }\n")
    server.write("/var/lib/ostrov/release/state.json", json.dumps({"format": 1, "installed": VERSION, "highest": {}}))
    server.write("/var/lib/ostrov/release/journal/1.jsonl", '{"at":"","event":"begin"}\n{"at":"","event":"end"}\n')
    environment = "\0".join(f"{name}={value}" for name, value in SWITCHES.items())
    units = {301: "postgresql@17-main", 303: f"ostrov-web@{VERSION}", 304: "ostrov-worker", 305: "ostrov-gateway",
             306: "ostrov-llm", 307: "ostrov-embed", 308: "ostrov-speech"}  # fmt: skip
    for pid, unit in units.items():
        server.write(f"/proc/{pid}/environ", environment)
        server.write(f"/proc/{pid}/cgroup", f"0::/system.slice/{unit}.service\n")
    _models(server)


def _models(server: Server) -> None:
    """Take one small model into the store."""
    source = server.root / "incoming"
    source.mkdir()
    (source / "model.gguf").write_bytes(gguf())
    fields = {"name": "small", "version": "1", "role": "chat", "licence": "Apache-2.0", "source": "here"}
    found = describing.describe(source, fields)
    (source / manifest.MANIFEST).write_text(manifest.as_toml(found))
    ModelStore(server.machine.path("/var/lib/ostrov/models")).import_from(source)
