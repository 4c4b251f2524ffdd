"""The addresses for machines that watch."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import create_engine, make_url, text

from webapp.app import create_app
from webapp.web.metrics import NAMES


def test_the_process_says_that_it_is_up(app):
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "up"})


def test_ready_means_the_database_and_its_schema_and_names_the_gateway_that_is_down(app):
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json["ready"] is True
    assert answer.json["culprits"] == ["gateway"]
    assert answer.json["checks"]["database"]["ready"] is True


def test_without_a_database_it_is_not_ready_and_says_why(settings):
    lost = create_app(replace(settings, database_url="postgresql+psycopg://nobody@/nothing?host=/nonexistent"))
    client = lost.test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "database" in answer.json["culprits"]
    assert "does not answer" in answer.json["checks"]["database"]["reason"]
    assert client.get("/healthz").status_code == 200
    assert "ostrov_database_up 0.0" in client.get("/metrics").text


def test_the_figures_count_requests_by_endpoint_and_know_the_queue(app, client_as):
    client_as("staff").get("/profile")
    figures = app.test_client().get("/metrics").text
    assert 'ostrov_web_requests_total{endpoint="users.profile_page",method="GET",status="2xx"}' in figures
    assert 'ostrov_web_request_seconds_bucket{endpoint="users.profile_page"' in figures
    assert "ostrov_database_up 1.0" in figures
    assert all(name in figures for name in NAMES)


def test_a_database_that_a_later_release_has_extended_is_ready_one_that_lags_is_not(postgres, settings):
    """An update migrates first; the old release serves until the new one has been probed, and after a rollback."""
    database = make_url(settings.database_url).database
    owner = create_engine(postgres.format(role="ostrov_owner", database=database))
    client = create_app(settings).test_client()

    def ready_at(revision: str) -> bool:
        with owner.begin() as connection:
            before = connection.scalar(text("SELECT version_num FROM alembic_version"))
            connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
        answer = client.get("/readyz")
        with owner.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": before})
        return bool(answer.json["checks"]["database"]["ready"])

    assert ready_at("9999")
    assert not ready_at("0001")
    owner.dispose()
