"""The proof that the product works, made as people use it: through nginx, with TLS, signed in; and by the engines."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import time
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from appliance.release.update.engine import StepFailed
from appliance.release.update.journal import Facts
from appliance.release.update.layout import Layout
from appliance.release.update.machine.client import Client, token_in, trusting
from appliance.release.update.machine.running import run, variables

WEB_USER: Final = "ostrov-web"
NAME: Final = re.compile(r"DNS:([^,\s*]+)")
FOUND, SEE_OTHER, OK = 302, 303, 200
ENGINE_SECONDS: Final = 600.0  # slow is not broken
RECORDING: Final = "probe.ogg"
ENGINES_OF_A_PROPOSAL: Final = ("speech", "chat")


@dataclass(frozen=True)
class ClientProber:
    """The real part of the port `Prober`."""

    layout: Layout
    gateway: tuple[str, int] = ("127.0.0.1", 8090)
    address: tuple[str, int] = ("127.0.0.1", 443)

    def probe(self, version: str) -> Facts:
        """Sign in, look at the first page, search, sign out; then hear a recording and ask for proposals."""
        account = json.loads(self._account(version, "open"))
        try:
            seen = self._pages(account)
        finally:
            self._account(version, "close")
        return {**seen, "proposal": self._proposal()}

    def close(self) -> None:
        """Turn the account off, by the release that serves."""
        serving = self.layout.serving()
        if serving:
            self._account(serving, "close")

    def _account(self, version: str, verb: str) -> str:
        """Switch the probe's account on or off by the release's own command."""
        settings = variables(self.layout.settings / "common.env", self.layout.settings / "web.env")
        # Secrets are handed to units as credentials; this command needs none of them.
        plain = {name: value for name, value in settings.items() if not name.endswith("_FILE")}
        command = [str(self.layout.command(version)), "probe", verb]
        return run(command, seconds=120, user=WEB_USER, environment=plain)

    def _pages(self, account: dict[str, str]) -> Facts:
        """What a person does."""
        began = time.monotonic()
        pki = self.layout.settings / "pki"
        client = Client(self._name(), trusting(pki / "ca.crt", pki / "server.crt"), self.address)
        form = _page(client, "/sign-in", "The sign-in page")
        signed = client.post("/sign-in", {**account, "csrf_token": token_in(form), "next": "/"})
        if signed.status not in {FOUND, SEE_OTHER}:
            raise StepFailed(f"Signing in as the probe's account answered {signed.status}.")
        home = _page(client, signed.location or "/", "The first page")
        _page(client, f"/search?q={secrets.token_hex(4)}", "The search")
        left = client.post("/sign-out", {"csrf_token": token_in(home)})
        if left.status not in {FOUND, SEE_OTHER}:
            raise StepFailed(f"Signing out answered {left.status}.")
        return {"sign_in": "ok", "search": "ok", "pages_seconds": round(time.monotonic() - began, 2)}

    def _name(self) -> str:
        """The name in the server's certificate, which people type."""
        certificate = str(self.layout.settings / "pki/server.crt")
        text = run(["openssl", "x509", "-in", certificate, "-noout", "-ext", "subjectAltName"], seconds=20)
        found = NAME.search(text)
        if found is None:
            raise StepFailed(f"{certificate} holds no name of a server.", "Run the playbook site.yml again.")
        return found[1]

    def _proposal(self) -> str:
        """Whether a tiny recording becomes proposals; says what was not tried, and why."""
        state = json.loads(self._gateway("GET", "/readyz", b"", "application/json", any_status=True))
        engines = state.get("engines", {})
        down = [name for name in ENGINES_OF_A_PROPOSAL if engines.get(name, {}).get("state") != "ready"]
        if down:
            return f"not tried: {', '.join(down)} not ready"
        transcript = json.loads(self._gateway("POST", "/v1/audio/transcriptions", *_recording()))
        call = {"id": "probe", "occurred_at": "2026-01-05T10:00:00+00:00", "direction": "in"}
        segments = [
            {"index": index, **{name: one[name] for name in ("start", "end", "text", "channel") if name in one}}
            for index, one in enumerate(transcript["segments"])
        ]
        call_card = {"communication": {**call, "duration": transcript["duration"], "segments": segments}}
        body = json.dumps({"subject": {"type": "probe", "id": "update"}, "input": call_card}).encode()
        answer = json.loads(self._gateway("POST", "/v1/modules/call_card/run", body, "application/json"))
        return f"{len(answer['output']['proposals'])} proposals from {len(segments)} sentences"

    def _gateway(self, method: str, path: str, body: bytes, kind: str, *, any_status: bool = False) -> bytes:
        """Ask the gateway as the web application does."""
        key = (self.layout.secrets / "gateway_key").read_text(encoding="utf-8").strip()
        headers = {"Authorization": f"Bearer {key}", "Content-Type": kind, "X-Ostrov-Actor": "update"}
        connection = http.client.HTTPConnection(*self.gateway, timeout=ENGINE_SECONDS)
        try:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise StepFailed(f"The gateway does not answer {path}: {type(error).__name__}: {error}") from None
        finally:
            connection.close()
        if response.status != OK and not any_status:
            raise StepFailed(f"The gateway answers {path} with {response.status}: {content[:300]!r}")
        return content


def _recording() -> tuple[bytes, str]:
    """A few seconds of speech as a form, and the form's kind."""
    sound = files("appliance.release.update.machine").joinpath(RECORDING).read_bytes()
    border = secrets.token_hex(16)
    parts = [
        b'Content-Disposition: form-data; name="model"\r\n\r\nspeech',
        b'Content-Disposition: form-data; name="response_format"\r\n\r\nverbose_json',
        b'Content-Disposition: form-data; name="file"; filename="probe.ogg"\r\nContent-Type: audio/ogg\r\n\r\n' + sound,
    ]
    mark = f"--{border}".encode()
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
    return body, f"multipart/form-data; boundary={border}"


def _page(client: Client, path: str, what: str) -> str:
    """The text of a page that must be there."""
    answer = client.get(path)
    if answer.status != OK:
        raise StepFailed(f"{what} at https://{client.name}{path.partition('?')[0]} answered {answer.status}.")
    return answer.text
