"""The application in front of a gateway twin, over HTTP."""

from tests.webapp.gateway_twin import app, served_twin, twin

__all__ = ["app", "served_twin", "twin"]
