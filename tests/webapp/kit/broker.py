"""A real RabbitMQ on loopback, in a folder of its own, that can be stopped, killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pika
from pika.exceptions import AMQPError

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # without Debian's wrapper, which wants its own user
STARTS_SECONDS = 90


def installed() -> bool:
    """Whether this machine has RabbitMQ."""
    return SERVER.exists() and shutil.which("epmd") is not None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """One node; its messages lie on disk and outlive it."""

    def __init__(self, folder: Path) -> None:
        self.port, self._distribution, self._epmd = _free_port(), _free_port(), _free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}/%2F"
        (folder / "plugins").write_text("[].")
        self._environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"ostrov{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none",
        }
        self._log = (folder / "server.log").open("ab")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        self._process = subprocess.Popen(
            [str(SERVER)], env=self._environ, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + STARTS_SECONDS
        while time.monotonic() < deadline:
            try:
                self.connect().close()
            except (AMQPError, OSError):
                time.sleep(0.3)
            else:
                return
        raise RuntimeError(f"RabbitMQ did not start in {STARTS_SECONDS} s")

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        assert self._process
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(30)

    def stop(self) -> None:
        """End it and its name server."""
        if self._process and self._process.poll() is None:
            self.kill()
        subprocess.run(["epmd", "-kill"], env=self._environ, capture_output=True, timeout=20, check=False)
        self._log.close()

    def connect(self) -> pika.BlockingConnection:
        """A connection of a reader."""
        parameters = pika.URLParameters(self.url)
        parameters.socket_timeout = 5
        return pika.BlockingConnection(parameters)

    def drain(self, queue: str, wanted: int, seconds: float = 20) -> list[tuple[pika.BasicProperties, bytes]]:
        """Take messages from a queue until there are so many different ones, or the time is over."""
        found: list[tuple[pika.BasicProperties, bytes]] = []
        deadline = time.monotonic() + seconds
        with self.connect() as connection:
            channel = connection.channel()
            channel.queue_declare(queue, durable=True)
            while len({properties.message_id for properties, _body in found}) < wanted and time.monotonic() < deadline:
                method, properties, body = channel.basic_get(queue, auto_ack=True)
                if method is None:
                    time.sleep(0.1)
                else:
                    found.append((properties, body))
        return found
