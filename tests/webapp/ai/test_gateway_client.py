"""What the gateway's client tells about itself."""

from __future__ import annotations

from tests.webapp.gateway_twin import GatewayTwin, serving
from webapp.ai.gateway import Gateway


def test_the_worker_lets_people_at_a_screen_go_first() -> None:
    with serving(GatewayTwin()) as twin:
        Gateway(twin.url, "", 10.0).embed(["a question"], query=True)
        Gateway(twin.url, "", 10.0, background=True).embed(["a passage"])
        assert twin.priorities == ["interactive", "batch"]
