"""The machine that is looked at: its files, its commands, its sockets. All that the doctor knows comes through here."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import ssl
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from appliance.doctor.said import NOTHING, Said, same

CONNECTED = "connected"
TIMED_OUT = "timed out"
LONGEST_ANSWER_BYTES = 1_000_000
NEEDS_ROOT = Said("Run it as root: sudo ostrov doctor", "Запустите от root: sudo ostrov doctor")


class CouldNotAsk(Exception):
    """The machine could not be asked; the check says so instead of guessing."""

    def __init__(self, observed: Said, remedy: Said = NOTHING) -> None:
        super().__init__(observed.en)
        self.observed = observed
        self.remedy = remedy


class Elsewhere(CouldNotAsk):
    """What was to be asked is on another host; the doctor there tells of it."""


@dataclass(frozen=True)
class Output:
    """What a command gave."""

    code: int
    out: str
    err: str = ""

    @property
    def last_line(self) -> str:
        """The last line that says something, of the error output when there is one."""
        lines = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()]
        return lines[-1] if lines else ""


@dataclass(frozen=True)
class Answer:
    """What an HTTP server of this machine gave."""

    status: int
    text: str


class Machine(Protocol):
    """What checks may ask."""

    @property
    def live(self) -> bool:
        """Whether this is a running machine, not a directory with its files."""

    def path(self, absolute: str | Path) -> Path:
        """Where a file of the machine is found."""

    def run(self, *command: str, seconds: float = 5.0, user: str = "", given: str = "", live: bool = True) -> Output:
        """Run a command that changes nothing. Raises CouldNotAsk when it is missing or too slow."""

    def ask(self, url: str, seconds: float = 3.0, name: str = "") -> Answer:
        """GET from an address of this machine, which may be called by another name. Raises OSError."""

    def reach(self, address: str, port: int, seconds: float = 2.0) -> str:
        """Try a TCP connection: CONNECTED, TIMED_OUT, or the name of the error."""

    def now(self) -> datetime:
        """The machine's time."""

    def certificate(self, address: str, port: int, name: str) -> str:
        """The certificate that a TLS server of this machine presents for a name, as PEM. Raises OSError."""

    def is_root(self) -> bool:
        """Whether everything may be read."""

    @property
    def root_id(self) -> int:
        """The user id of root's files."""


@dataclass(frozen=True)
class RealMachine:
    """This machine, or the files of another below `root`."""

    root: Path = Path("/")

    @property
    def live(self) -> bool:
        """Whether this is the running machine."""
        return self.root == Path("/")

    def path(self, absolute: str | Path) -> Path:
        """Return the place of a file below the root."""
        return self.root / str(absolute).lstrip("/")

    def run(self, *command: str, seconds: float = 5.0, user: str = "", given: str = "", live: bool = True) -> Output:
        """Run a command; with `user`, as that system user (root only)."""
        if live and not self.live:
            raise CouldNotAsk(Said("A directory cannot be asked this.", "Каталог об этом спросить нельзя."))
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}
        as_user = {"user": user, "group": user, "extra_groups": []} if user and self.is_root() else {}
        try:
            done = subprocess.run(  # noqa: S603  # a list of words, none of them from outside
                command,
                input=given,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds,
                check=False,
                env=environment,
                cwd="/",
                **as_user,  # type: ignore[arg-type, call-overload, unused-ignore]
            )
        except FileNotFoundError:
            raise CouldNotAsk(
                Said(f"The program {command[0]} is not installed.", f"Программа {command[0]} не установлена."),
                Said(
                    f"Install it, or look by hand: {' '.join(command)[:120]}",
                    f"Установите её или посмотрите вручную: {' '.join(command)[:120]}",
                ),
            ) from None
        except subprocess.TimeoutExpired:
            said = Said(
                f"{command[0]} gave no answer in {seconds:.0f} s.", f"{command[0]} не ответила за {seconds:.0f} с."
            )
            raise CouldNotAsk(said, same(" ".join(command)[:200])) from None
        except LookupError:
            raise CouldNotAsk(
                Said(f"There is no system user {user}.", f"Нет системного пользователя {user}.")
            ) from None
        return Output(done.returncode, done.stdout, done.stderr)

    def ask(self, url: str, seconds: float = 3.0, name: str = "") -> Answer:
        """GET; a certificate is not judged here, the check of certificates does that."""
        parts = urlsplit(url)
        host, path = parts.hostname or "127.0.0.1", parts.path or "/"
        headers = {"User-Agent": "ostrov-doctor", **({"Host": name} if name else {})}
        if parts.scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, parts.port or 443, timeout=seconds, context=_trusting_all()
            )
        else:
            connection = http.client.HTTPConnection(host, parts.port or 80, timeout=seconds)
        try:
            if parts.scheme == "https" and name:
                plain = socket.create_connection((host, parts.port or 443), timeout=seconds)
                connection.sock = _trusting_all().wrap_socket(plain, server_hostname=name)
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, response.read(LONGEST_ANSWER_BYTES).decode("utf-8", "replace"))
        except http.client.HTTPException as error:
            raise ConnectionError(f"no HTTP: {type(error).__name__}") from error
        finally:
            connection.close()

    def reach(self, address: str, port: int, seconds: float = 2.0) -> str:
        """Try a TCP connection and close it at once."""
        try:
            with socket.create_connection((address, port), timeout=seconds):
                return CONNECTED
        except TimeoutError:
            return TIMED_OUT
        except OSError as error:
            return errno.errorcode.get(error.errno or 0, type(error).__name__)

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)

    def certificate(self, address: str, port: int, name: str) -> str:
        """Shake hands as a browser does; who signed it is judged by the check."""
        with (
            socket.create_connection((address, port), timeout=3.0) as plain,
            _trusting_all().wrap_socket(plain, server_hostname=name or None) as secured,
        ):
            return ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True) or b"")

    @property
    def root_id(self) -> int:
        """Root is root."""
        return 0

    def is_root(self) -> bool:
        """Tell whether we are root."""
        return os.geteuid() == 0


def _trusting_all() -> ssl.SSLContext:
    """TLS that judges no certificate: the check of certificates does, and says more than a handshake would."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
