"""What the architecture tests share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # so that they can import `sources`


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory):
    """The whole web application, with a database that nobody needs here."""
    from appliance.settings import WebSettings
    from webapp.app import create_app

    home = tmp_path_factory.mktemp("home")
    made = create_app(WebSettings(database_url="postgresql+psycopg://nobody@/nothing?host=/nonexistent", home=home))
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.parts.engine.dispose()
