"""Ask services how they are, in one thread, so that a slow answer never holds up the supervisor."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Sequence

from appliance.demo.units import Service

ASK_SECONDS = 3.0
WHILE_STARTING_SECONDS = 0.15
WHEN_READY_SECONDS = 2.0
PATIENCE = 3
OK = 200


def answers(port: int, path: str) -> Callable[[], bool]:
    """Return a check whether this path on a loopback port answers 200."""

    def ask() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ASK_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ask


class Watch:
    """A thread that keeps `service.healthy` up to date for services that run."""

    def __init__(self, services: Sequence[Service]) -> None:
        self._services = [service for service in services if service.health is not None]
        self._misses = dict.fromkeys((service.name for service in self._services), 0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def add(self, service: Service) -> None:
        """Look after one more service."""
        self._services = [*self._services, service]

    def remove(self, service: Service) -> None:
        """Look after a service no more."""
        self._services = [other for other in self._services if other is not service]

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()

    def _run(self) -> None:
        """Ask all, then rest: shortly while something starts, longer when all is well."""
        while not self._stop.is_set():
            settled = [self._ask(service) for service in self._services]
            self._stop.wait(WHEN_READY_SECONDS if all(settled) else WHILE_STARTING_SECONDS)

    def _ask(self, service: Service) -> bool:
        """Ask one service; tell whether there is no need to ask again soon."""
        if service.child is None or service.health is None:
            return service.resume_at == 0.0 and service.state.value in {"off", "stopped"}
        started_at = service.started_at
        fine = service.health()
        if service.started_at != started_at:
            return False  # it was started again meanwhile: the answer is about the one before
        self._misses[service.name] = 0 if fine else self._misses.get(service.name, 0) + 1
        # A busy engine may miss one question; it is only down when it misses several.
        service.healthy = fine or (service.healthy and self._misses[service.name] < PATIENCE)
        return service.healthy
