"""Asks nginx as a client on the server would: over TLS, the certificate checked. Exit code 1 when there are faults.

Runs on the server from standard input. Arguments: the name of the server, the file of the authority that clients trust.
"""

import http.client
import socket
import ssl
import sys
import time

WAIT_SECONDS = 60


class ByAddress(http.client.HTTPSConnection):
    """A connection to this machine that checks the certificate for another name."""

    def connect(self) -> None:
        """Connect to the loopback address, whatever name servers say."""
        plain = socket.create_connection(("127.0.0.1", 443), timeout=self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)


def ask(name: str, authority: str, path: str, *, tls: bool = True) -> tuple[int, dict[str, str]]:
    """Status and headers of an answer."""
    if tls:
        context = ssl.create_default_context(cafile=authority)
        # A company may give the server's certificate without its root: what is in the file is what is trusted.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        connection: http.client.HTTPConnection = ByAddress(name, timeout=10, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=10)
    connection.request("GET", path, headers={"Host": name})
    answer = connection.getresponse()
    answer.read()
    return answer.status, {key.lower(): value for key, value in answer.getheaders()}


def faults(name: str, authority: str) -> list[str]:
    """What is not as it should be."""
    found = []
    deadline = time.monotonic() + WAIT_SECONDS
    while (status := ask(name, authority, "/sign-in")[0]) in (502, 503, 504) and time.monotonic() < deadline:
        time.sleep(1)
    if status != 200:
        found.append(f"https://{name}/sign-in answers {status} instead of 200.")
    if "strict-transport-security" not in ask(name, authority, "/sign-in")[1]:
        found.append("HSTS is missing.")
    if ask(name, authority, "/metrics")[0] != 404:
        found.append("/metrics is open to the LAN.")
    if ask(name, authority, "/trust/en/", tls=False)[0] != 200:
        found.append(f"http://{name}/trust is missing.")
    if ask(name, authority, "/", tls=False)[0] != 301:
        found.append("Port 80 does not lead to TLS.")
    try:
        ask("not-ours.invalid", authority, "/", tls=False)
        found.append("A name that is not ours gets a page.")
    except (http.client.HTTPException, OSError):
        pass  # nothing is answered: as it should be
    return found


def main() -> int:
    """See above."""
    try:
        found = faults(*sys.argv[1:3])
    except (OSError, http.client.HTTPException) as error:
        found = [f"{type(error).__name__}: {error}."]
    print(" ".join(found) or f"https://{sys.argv[1]}/ serves the CRM.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
