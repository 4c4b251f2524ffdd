"""Web instances on their sockets, and nginx in front of them."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil

from appliance.release.update.engine import StepFailed
from appliance.release.update.files import write_whole
from appliance.release.update.journal import Facts
from appliance.release.update.layout import Layout
from appliance.release.update.machine.running import run
from appliance.release.update.machine.units import last_lines
from appliance.release.update.plan import web_unit
from appliance.release.update.ports import Services

READY_SECONDS: Final = 120.0
RELOAD_SECONDS: Final = 30.0
DRAIN_SECONDS: Final = 630.0  # nginx itself ends its old workers after ten minutes
WORKING: Final = "nginx: worker process"
LEAVING: Final = "nginx: worker process is shutting down"
ASK_SECONDS: Final = 5.0
SOCKET: Final = re.compile(r"/run/ostrov-web/([^/;\s]+)\.sock")


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout: float = ASK_SECONDS) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass(frozen=True)
class SocketInstances:
    """The real part of the port `Instances`."""

    layout: Layout
    services: Services
    seconds: float = READY_SECONDS

    def wait_ready(self, version: str) -> Facts:
        """Ask an instance's readiness until it is given, its unit has failed, or the time is over."""
        began = time.monotonic()
        while True:
            reason = self._unready(version)
            waited = time.monotonic() - began
            if reason is None:
                return {"ready_seconds": round(waited, 2)}
            if waited > self.seconds or not self.services.active(web_unit(version)):
                raise StepFailed(
                    f"The pages of {version} are not ready: {reason} {last_lines(web_unit(version))}".strip()
                )
            time.sleep(0.2)

    def _unready(self, version: str) -> str | None:
        """Why an instance cannot work; None when it can."""
        connection = UnixConnection(self.layout.socket(version))
        try:
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            return f"its socket does not answer ({type(error).__name__})."
        finally:
            connection.close()
        return None if response.status == http.client.OK else _culprits(response.status, body)


def _culprits(status: int, body: bytes) -> str:
    """What an instance that is not ready says about itself."""
    try:
        answer: dict[str, Any] = json.loads(body)
        reasons = [str(check.get("reason", name)) for name, check in answer["checks"].items() if not check["ready"]]
    except (ValueError, KeyError, AttributeError, TypeError):
        return f"/readyz answers {status}."
    return f"{'; '.join(reasons)}."


def _test() -> None:
    run(["nginx", "-t", "-q"], seconds=30)


def _workers(words: str) -> set[int]:
    """Process ids of nginx's workers of one kind."""
    found = set()
    for process in psutil.process_iter(["cmdline"]):
        if " ".join(process.info["cmdline"] or ()).strip() == words:
            found.add(process.pid)
    return found


def _reload() -> None:
    """Load the configuration and wait until workers that have it take the connections."""
    before = _workers(WORKING)
    run(["systemctl", "reload", "nginx.service"], seconds=60)
    if not _waited(lambda: not before & _workers(WORKING), RELOAD_SECONDS):
        raise StepFailed("nginx goes on with its former configuration.", "Look why: journalctl -u nginx")


def _waited(done: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is so; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@dataclass(frozen=True)
class NginxFront:
    """The real part of the port `Front`.

    What nginx has loaded is noted beside the journal, because its file alone does not tell whether a reload followed.
    """

    layout: Layout
    test: Callable[[], None] = field(default=_test)
    reload: Callable[[], None] = field(default=_reload)

    @property
    def _loaded(self) -> Path:
        return self.layout.state / "nginx-serves"

    def serving(self) -> str:
        """The version that nginx's file names."""
        found = SOCKET.search(self.layout.upstream.read_text(encoding="utf-8"))
        if found is None:
            raise StepFailed(
                f"{self.layout.upstream} names no socket of a web instance.", "Run the playbook site.yml again."
            )
        return found[1]

    def serve(self, version: str) -> None:
        """Name another socket in nginx's file, test the configuration, load it; a bad one is put back as it was."""
        before = self.serving()
        if not self._loaded.exists():
            write_whole(self._loaded, before)
        if before == version == self._loaded.read_text(encoding="utf-8"):
            return
        text = self.layout.upstream.read_text(encoding="utf-8")
        write_whole(self.layout.upstream, SOCKET.sub(f"/run/ostrov-web/{version}.sock", text))
        try:
            self.test()
        except StepFailed as failure:
            write_whole(self.layout.upstream, text)
            raise StepFailed(f"nginx does not take its configuration. {failure}", "Mend it: nginx -t") from None
        # Unknown from here: when the machine dies before the reload has ended, the way back reloads again.
        write_whole(self._loaded, "")
        self.reload()
        write_whole(self._loaded, version)

    def drain(self) -> None:
        """Wait for nginx's old workers: an upload that one is still receiving goes to the old instance."""
        _waited(lambda: not _workers(LEAVING), DRAIN_SECONDS)
