"""Recordings under a policy that hides personal data: the words sent with them are hidden, the voice cannot be."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from inference.gateway.masking import Veil
from inference.gateway.problems import PolicyForbids
from inference.gateway.runs import Run

PIECE_BYTES = 1 << 20


def check_voice(run: Run) -> None:
    """Raise PolicyForbids where personal data is refused: a voice is personal data that nobody can look through."""
    if run.rules.personal == "refuse":
        message = f"Policy '{run.rules.name}' refuses personal data, and a recording holds somebody's voice."
        raise PolicyForbids(message)


async def veiled_upload(request: Request, veil: Veil) -> tuple[AsyncIterator[bytes], dict[str, str]]:
    """Return the body and headers of an upload whose hints are hidden. Raises PersonalDataRefused."""
    form = await request.form()
    hidden = {name: (await veil.aside(veil.hide, value)).text for name, value in form.items() if isinstance(value, str)}
    boundary = f"ostrov-{secrets.token_hex(16)}"
    return _parts(form, hidden, boundary), {"content-type": f"multipart/form-data; boundary={boundary}"}


async def _parts(form: FormData, hidden: dict[str, str], boundary: str) -> AsyncIterator[bytes]:
    """Yield a form as multipart, files piece by piece and without their names: people's names stand in them."""
    try:
        for name, value in form.multi_items():
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"'
            if isinstance(value, UploadFile):
                suffix = (value.filename or "").rpartition(".")[2]
                yield f'{head}; filename="recording.{_quoted(suffix)}"\r\n\r\n'.encode()
                while piece := await value.read(PIECE_BYTES):
                    yield piece
                yield b"\r\n"
            else:
                yield f"{head}\r\n\r\n{hidden[name]}\r\n".encode()
        yield f"--{boundary}--\r\n".encode()
    finally:
        await form.close()


def _quoted(text: str) -> str:
    """Return a name as it stands in the head of a part."""
    return text.replace('"', "%22").replace("\r", "").replace("\n", "")
