"""The style guide at /_design: every component with believable content, on pages like the product's (debug only)."""

from __future__ import annotations

import io
import json
import math
import struct
import time
import wave
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request, send_file, stream_with_context

from webapp.kit.clock import now
from webapp.kit.i18n import N_
from webapp.web import styleguide_samples as samples
from webapp.web.page import page

blueprint = Blueprint("styleguide", __name__, url_prefix="/_design")

PAGES = (
    ("parts", N_("Parts")),
    ("client", N_("Client")),
    ("list", N_("List")),
    ("board", N_("Board")),
    ("assistant", N_("Assistant")),
    ("forms", N_("Forms")),
    ("empty", N_("Empty states")),
    ("sign-in", N_("Sign in")),
)
RATE = 8000


@blueprint.get("/")
def index() -> Response:
    """The parts, one after another."""
    return show("parts")


@blueprint.get("/<name>")
def show(name: str) -> Response:
    """One page of the style guide."""
    known = name if name in dict(PAGES) else "parts"
    moment = now()
    context: dict[str, Any] = {
        "guide_pages": PAGES,
        "guide_page": known,
        "people": samples.DATA["people"],
        "deals": samples.DATA["deals"],
        "stages": samples.DATA["stages"],
        "segments": samples.segments(),
        "voices": {"client": ("Анна Ковалёва", 1), "colleague": ("Мы", 0)},
        "proposals": samples.proposals(),
        "called_at": moment - timedelta(minutes=42),
    }
    return page(f"styleguide/{known.replace('-', '_')}.html", **context)


@blueprint.post("/proposals/<int:proposal_id>/<verb>")
def decide(proposal_id: int, verb: str) -> str:
    """Answer the proposal in its new state."""
    states = {"accept": "accepted", "edit": "edited", "reject": "rejected", "undo": "proposed"}
    found = next(p for p in samples.proposals() if p["id"] == proposal_id)
    found["state"] = states[verb]
    found["display"] = request.form.get("value") or found["display"]
    return render_template("styleguide/proposal.html", p=found)


@blueprint.get("/progress/<int:step>")
def progress(step: int) -> str:
    """The stepper, one step further each time."""
    return render_template("styleguide/progress.html", step=step)


@blueprint.get("/recording.wav")
def recording() -> Response:
    """A minute of quiet tones in place of a call."""
    seconds = int(samples.DURATION_SECONDS)
    tones = (int(4000 * math.sin(i * (0.12 + 0.05 * ((i // (RATE * 4)) % 2)))) for i in range(RATE * seconds))
    memory = io.BytesIO()
    with wave.open(memory, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(b"".join(struct.pack("<h", tone) for tone in tones))
    memory.seek(0)
    return send_file(memory, mimetype="audio/wav", conditional=True)


@blueprint.get("/palette")
def palette() -> str:
    """What the palette shows for a query."""
    asked = request.args.get("q", "").casefold()
    people = [p for p in samples.DATA["people"] if asked and asked in f"{p['name']} {p['company']}".casefold()]
    return render_template("styleguide/palette.html", people=people)


@blueprint.post("/ask")
def ask() -> Response:
    """Stream an answer with its sources."""
    done = render_template("styleguide/answer.html")

    def events() -> Iterator[str]:
        for word in samples.DATA["answer"].split(" "):
            yield f"event: token\ndata: {json.dumps({'text': word + ' '})}\n\n"
            time.sleep(0.02)
        yield f"event: done\ndata: {json.dumps({'html': done})}\n\n"

    return Response(stream_with_context(events()), mimetype="text/event-stream")
