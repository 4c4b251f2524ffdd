"""The embedded PostgreSQL is made whole, recovers from a kill, and lets its roles do what they may."""

import os
import shutil
import signal
from pathlib import Path

import psycopg
import pytest

from appliance.demo.home import Home
from appliance.demo.postgres import EmbeddedPostgres, serve_in_background


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    place = tmp_path_factory.mktemp("pg")
    home = Home(place / "a-home-with-a-name-so-long-that-no-socket-could-ever-have-its-path-in-one-hundred-bytes")
    home.prepare()
    yield EmbeddedPostgres(home.database, home.socket_dir())
    shutil.rmtree(home.socket_dir(), ignore_errors=True)


def test_it_starts_with_roles_checksums_vectors_and_russian(server: EmbeddedPostgres, tmp_path: Path):
    process = serve_in_background(server, tmp_path / "log")
    with psycopg.connect(server.dsn("ostrov_web", "ostrov")) as connection:
        assert connection.execute("select extname from pg_extension where extname = 'vector'").fetchone()
        assert connection.execute("show data_checksums").fetchone() == ("on",)
        assert connection.execute("select lower('ЁЛКА') , 'Привет' ~* 'привет'").fetchone() == ("ёлка", True)
        lexemes = connection.execute("select to_tsvector('russian', 'Договоры поставки')::text").fetchone()
        assert lexemes == ("'договор':1 'поставк':2",)
        assert connection.execute("show listen_addresses").fetchone() == ("",)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0


def test_the_socket_is_in_a_directory_that_only_its_owner_enters(server: EmbeddedPostgres):
    assert server.sockets.stat().st_mode & 0o077 == 0
    assert len(str(server.sockets)) < 91


def test_it_comes_back_after_a_kill_with_its_data(server: EmbeddedPostgres, tmp_path: Path):
    process = serve_in_background(server, tmp_path / "log")
    with psycopg.connect(server.dsn("ostrov_owner", "ostrov"), autocommit=True) as connection:
        connection.execute("create schema kept")
        connection.execute("create table kept.facts as select 42 as answer")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert (server.data / "postmaster.pid").exists()
    process = serve_in_background(server, tmp_path / "log")
    with psycopg.connect(server.dsn("ostrov_owner", "ostrov")) as connection:
        assert connection.execute("select answer from kept.facts").fetchone() == (42,)
    process.send_signal(signal.SIGINT)
    process.wait(20)


def test_a_server_that_was_left_running_is_ended(server: EmbeddedPostgres, tmp_path: Path):
    process = serve_in_background(server, tmp_path / "log")
    assert server.recover()
    assert process.wait(20) == 0
    assert not server.recover()
    assert not server.is_ready()
