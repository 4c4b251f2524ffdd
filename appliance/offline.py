"""The switches that keep libraries from reaching out; they must be set before the libraries are imported."""

from __future__ import annotations

from collections.abc import Mapping

SWITCHES: Mapping[str, str] = {
    # hubs of models and data
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    # telemetry
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "ANONYMIZED_TELEMETRY": "False",
    "OTEL_SDK_DISABLED": "true",
    # proxies
    "NO_PROXY": "*",
    "no_proxy": "*",
}
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


def offline_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return a copy of an environment in which no library phones home and no proxy is used."""
    kept = {name: value for name, value in environ.items() if name not in PROXIES}
    return {**kept, **SWITCHES}
