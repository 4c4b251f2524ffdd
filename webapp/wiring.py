"""The parts that web application, worker and commands share, chosen and joined in one place."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from procrastinate import App as Jobs
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, sessionmaker

from appliance.settings import WebSettings
from webapp.ai.gateway import Gateway
from webapp.ai.link import Link
from webapp.ai.search.indexing import install as install_search_index
from webapp.features import FEATURES
from webapp.kit import changes, jobs
from webapp.kit.db import make_engine, make_sessions
from webapp.kit.outbox import Outbox
from webapp.kit.searchable import SearchSource


@dataclass(frozen=True)
class Parts:
    """Everything that a program of the web application works with."""

    settings: WebSettings
    engine: Engine
    sessions: sessionmaker[Session]
    outbox: Outbox
    gateway: Gateway
    sources: dict[str, SearchSource]

    def for_jobs(self) -> dict[str, Any]:
        """The parts that job handlers find in `Work.parts`."""
        return {"settings": self.settings, "gateway": self.gateway, "sources": self.sources}


def assemble(
    settings: WebSettings, *, jobs_app: Jobs | None = None, gateway: Gateway | None = None, background: bool = False
) -> Parts:
    """Join the parts for one program; in the `background` its questions to models let those of people go first.

    Tests pass their own gateway.
    """
    engine = make_engine(settings.database_url, settings.database_pool_size)
    sessions = make_sessions(engine)
    subscribers = [s for feature in FEATURES for s in feature.subscribers]
    outbox = Outbox(jobs_app or jobs.sync_app(settings.database_url), subscribers)
    sessions.configure(info={"outbox": outbox})
    changes.install(sessions)
    install_search_index(sessions)
    door = gateway or Gateway(
        settings.gateway_url,
        settings.gateway_key,
        settings.gateway_timeout_seconds,
        speech_timeout_seconds=settings.speech_timeout_seconds,
        background=background,
        link=Link(settings.gateway_trust, settings.gateway_certificate, settings.gateway_certificate_key),
    )
    sources = {f.search.entity: f.search for f in FEATURES if f.search is not None}
    return Parts(settings, engine, sessions, outbox, door, sources)


def secret_key(settings: WebSettings) -> str:
    """The key that signs cookies: from its file, made on first use, readable by the program's user alone."""
    path = Path(settings.secret_key_file) if settings.secret_key_file else settings.home / "run" / "secret.key"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process of ours was quicker
            return path.read_text().strip()
        with os.fdopen(handle, "w") as stream:
            stream.write(secrets.token_urlsafe(48))
        return path.read_text().strip()
