"""The gateway's composition root: settings in, real parts chosen, served until SIGTERM."""

from __future__ import annotations

import sys
import threading

from appliance.service_manager import inherited_sockets
from appliance.settings import GatewaySettings
from inference.gateway.addresses import AddressRefused
from inference.gateway.api import build_app
from inference.gateway.config import ConfigRefused, GatewayConfig, load
from inference.gateway.decisions import Decisions
from inference.gateway.features import FeatureUnknown
from inference.gateway.gateway import Gateway
from inference.gateway.keys import Key, keys_of
from inference.gateway.run_log import RunLog
from inference.modules import find_modules, load_modules
from inference.serving import free_port_or_leave, leave, serve, start_log
from inference.text.russian import warm

KEY_MIN_CHARACTERS = 16


def build_gateway(settings: GatewaySettings) -> Gateway:
    """Choose the real parts. Raises ConfigRefused, AddressRefused or FeatureUnknown with a sentence for the owner."""
    run_log = RunLog(
        settings.database_url,
        settings.home / "run" / "gateway-runs.jsonl",
        days=settings.run_log_days,
        content_days=settings.run_content_days,
    )
    found = find_modules(settings.approvals_path)
    modules = load_modules(found)

    def read() -> tuple[GatewayConfig, list[Key]]:
        config = load(settings, modules)
        return config, keys_of(config, settings.gateway_key)

    config, keys = read()
    return Gateway(
        config=config,
        keys=keys,
        modules=modules,
        run_log=run_log,
        decisions=Decisions(run_log.url, settings.home / "run" / "gateway-decisions.json"),
        read_again=read,
        left_out=[entry for entry in found if entry.module is None],
    )


def run(settings: GatewaySettings) -> None:
    """Serve until SIGTERM or SIGINT, or leave with a sentence that names the setting at fault."""
    start_log()
    if len(settings.gateway_key) < KEY_MIN_CHARACTERS:
        leave(f"The gateway needs a key of at least {KEY_MIN_CHARACTERS} characters. Set OSTROV_GATEWAY_KEY.")
    try:
        gateway = build_gateway(settings)
    except (ConfigRefused, AddressRefused, FeatureUnknown) as error:
        leave(str(error))
    # Loading takes seconds; the first call must not wait for it, nor the gateway's start.
    threading.Thread(target=warm, name="warm-russian", daemon=True).start()
    sockets = inherited_sockets()
    if not sockets:
        free_port_or_leave(settings.gateway_port, "OSTROV_GATEWAY_PORT", settings.gateway_host)
    serve(
        build_app(gateway), host=settings.gateway_host, port=settings.gateway_port, sockets=sockets,
        grace_seconds=settings.gateway_stop_seconds,
    )  # fmt: skip
    sys.stderr.flush()
