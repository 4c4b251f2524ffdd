"""The gateway's composition root: settings in, real parts chosen, served until SIGTERM."""

from __future__ import annotations

import sys
import threading

from appliance.settings import GatewaySettings
from inference.gateway.addresses import AddressRefused, checked_url
from inference.gateway.api import build_app
from inference.gateway.decisions import Decisions
from inference.gateway.engine import Engine
from inference.gateway.gateway import Gateway
from inference.gateway.keys import WEB_KEY, Key, KeyRing, fingerprint
from inference.gateway.policy import ON_PREMISES
from inference.gateway.run_log import RunLog
from inference.modules import load_modules
from inference.serving import free_port_or_leave, leave, serve, start_log
from inference.text.russian import warm

KEY_MIN_CHARACTERS = 16


def build_gateway(settings: GatewaySettings) -> Gateway:
    """Choose the real parts. Raises AddressRefused when an engine's address is not inside."""
    addresses = (
        ("chat", "OSTROV_LLM_URL", settings.llm_url, settings.engine_timeout_seconds),
        ("embed", "OSTROV_EMBED_URL", settings.embed_url, settings.engine_timeout_seconds),
        ("speech", "OSTROV_SPEECH_URL", settings.speech_url, settings.speech_timeout_seconds),
    )
    engines = {
        role: Engine(role, checked_url(setting, url) if url else "", timeout_seconds=seconds)
        for role, setting, url, seconds in addresses
    }
    spool = settings.home / "run" / "gateway-runs.jsonl"
    run_log = RunLog(settings.database_url, spool, days=settings.run_log_days, content_days=settings.run_content_days)
    return Gateway(
        keys=KeyRing([Key(WEB_KEY, fingerprint(settings.gateway_key), ON_PREMISES, admin=True)]),
        engines=engines,
        modules=load_modules(),
        run_log=run_log,
        decisions=Decisions(run_log.url, settings.home / "run" / "gateway-decisions.json"),
    )


def run(settings: GatewaySettings) -> None:
    """Serve until SIGTERM or SIGINT, or leave with a sentence that names the setting at fault."""
    start_log()
    if len(settings.gateway_key) < KEY_MIN_CHARACTERS:
        leave(f"The gateway needs a key of at least {KEY_MIN_CHARACTERS} characters. Set OSTROV_GATEWAY_KEY.")
    try:
        gateway = build_gateway(settings)
    except AddressRefused as error:
        leave(str(error))
    # Loading takes seconds; the first call must not wait for it, nor the gateway's start.
    threading.Thread(target=warm, name="warm-russian", daemon=True).start()
    free_port_or_leave(settings.gateway_port, "OSTROV_GATEWAY_PORT", settings.gateway_host)
    serve(build_app(gateway), host=settings.gateway_host, port=settings.gateway_port)
    sys.stderr.flush()
