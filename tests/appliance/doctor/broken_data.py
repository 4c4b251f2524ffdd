"""A database, an audit chain and models that are not as they should be."""

import json
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import create_engine

from appliance.audit.returning import newest, note
from appliance.doctor.machine import Answer
from appliance.doctor.result import Status
from tests.appliance.doctor.breaking import breaks
from tests.appliance.doctor.conftest import as_superuser, write_entries

READYZ = "http://127.0.0.1:8090/readyz"
STATUS = "/var/lib/ostrov/backup/status.json"


@breaks("database.answers", Status.FAIL, "No such file or directory", "systemctl status postgresql@17-main")
def the_database_is_away(server):
    server.write(
        "/etc/ostrov/migrate.env", "OSTROV_DATABASE_URL=postgresql+psycopg://ostrov_owner@/ostrov?host=/nowhere\n"
    )


@breaks("database.answers", Status.FAIL, 'role "ostrov_stranger" does not exist')
def the_owner_is_not_let_in(server):
    url = server.database.url("ostrov_stranger")
    server.write("/etc/ostrov/migrate.env", f"OSTROV_DATABASE_URL={url}\n")


@breaks("database.migrations", Status.FAIL, "webapp: at 0003, the code wants", "ostrov update resume")
def the_schema_is_behind_the_code(server):
    as_superuser(server.database, "UPDATE alembic_version SET version_num = '0003'")


@breaks("database.migrations", Status.OK, "Newer than the code: webapp 9999")
def the_code_was_rolled_back_alone(server):
    as_superuser(server.database, "UPDATE alembic_version SET version_num = '9999'")


@breaks("database.settings", Status.FAIL, "full_page_writes = 'off'", "--tags postgresql")
def a_setting_that_protects_data_was_switched_off(server):
    set_and_reload(server, "full_page_writes", "off")


@breaks("database.restart", Status.FAIL, "max_wal_senders", "systemctl restart postgresql@17-main")
def a_setting_waits_for_a_restart(server):
    set_and_reload(server, "max_wal_senders", "7")


@breaks("database.roles", Status.FAIL, "ostrov_web: BYPASSRLS", "ALTER ROLE ostrov_web NOBYPASSRLS")
def a_role_was_given_a_power(server):
    as_superuser(server.database, "ALTER ROLE ostrov_web BYPASSRLS")


@breaks("database.indexes", Status.WARN, "half_built", "REINDEX INDEX CONCURRENTLY")
def an_index_was_left_half_built(server):
    as_superuser(
        server.database, "CREATE TABLE public.half (n int)", "CREATE INDEX half_built ON public.half (n)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'half_built'::regclass",
    )  # fmt: skip


@breaks("backup.archive", Status.FAIL, "It failed ", "grep -i archive")
def the_log_cannot_be_handed_over(server):
    set_and_reload(server, "archive_command", "/bin/false")
    as_superuser(server.database, "SELECT pg_switch_wal()", "CREATE TABLE IF NOT EXISTS public.noise ()")
    wait_until(server, "SELECT failed_count > 0 FROM pg_stat_archiver")


@breaks("backup.recent", Status.WARN, "No backup is configured", "pg_basebackup")
def no_backup_was_ever_set_up(server):
    assert not server.machine.path(STATUS).exists()


@breaks("backup.recent", Status.FAIL, "restore drill: never")
def a_restore_was_never_tried(server):
    now = datetime.now(UTC).isoformat()
    server.write(STATUS, json.dumps({"last_full": now, "last_backup": now}))


@breaks("backup.recent", Status.FAIL, "backup of any kind: 3.0 days ago")
def backups_have_stopped(server):
    now, old = datetime.now(UTC), datetime.now(UTC) - timedelta(days=3)
    told = {"last_full": now.isoformat(), "last_backup": old.isoformat(), "last_drill": now.isoformat()}
    server.write(STATUS, json.dumps(told))


@breaks("ai.engines", Status.FAIL, "speech: down out of memory", "journalctl -u ostrov-speech")
def an_engine_is_down(server):
    told = {
        "ready": False,
        "engines": {"chat": {"state": "ready"}, "speech": {"state": "down", "reason": "out of memory"}},
    }
    server.machine.answers[READYZ] = Answer(200, json.dumps(told))


@breaks("ai.engines", Status.FAIL, "does not answer: Connection refused", "journalctl -u ostrov-gateway")
def the_gateway_does_not_answer(server):
    del server.machine.answers[READYZ]


@breaks("ai.weights", Status.FAIL, "small@1 is not as it was", "ostrov models verify")
def a_model_was_written_over(server):
    weights = next(server.machine.path("/var/lib/ostrov/models/small").rglob("*.gguf"))
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)


@breaks("ai.weights", Status.FAIL, "checksum")
def a_model_was_changed_and_its_time_put_back(server):
    weights = next(server.machine.path("/var/lib/ostrov/models/small").rglob("*.gguf"))
    content, state = bytearray(weights.read_bytes()), weights.stat()
    content[-1] ^= 1
    weights.write_bytes(content)
    import os

    os.utime(weights, ns=(state.st_atime_ns, state.st_mtime_ns))
    server.deep = True


@breaks("ai.weights", Status.WARN, "No model is in", "ostrov models import")
def no_model_was_ever_taken_in(server):
    import shutil

    shutil.rmtree(server.machine.path("/var/lib/ostrov/models"))


@breaks("ai.offline", Status.FAIL, "ostrov-llm.service: HF_HUB_OFFLINE")
def a_process_was_started_without_its_switches(server):
    server.write("/proc/306/environ", "HF_HUB_OFFLINE=0\0PATH=/bin")


@breaks("ai.offline", Status.FAIL, "HTTPS_PROXY")
def a_process_was_given_a_proxy(server):
    path = server.machine.path("/proc/304/environ")
    path.write_text(path.read_text() + "\0HTTPS_PROXY=http://proxy:3128")


@breaks("audit.chain", Status.FAIL, "entry 3 was changed after it was written", "tell the security officer")
def an_entry_of_the_audit_was_changed(server):
    as_superuser(server.database, "UPDATE audit.entries SET actor = 'nobody' WHERE seq = 3")


@breaks("audit.chain", Status.FAIL, "entry 2 is missing")
def an_entry_of_the_audit_was_deleted(server):
    as_superuser(server.database, "DELETE FROM audit.entries WHERE seq = 2")


@breaks("audit.chain", Status.FAIL, "entry 5 is gone, or is not what it was")
def the_newest_entries_were_cut_off_since_the_run_before(server):
    server.one("audit.chain")
    as_superuser(server.database, "DELETE FROM audit.entries WHERE seq > 3")
    write_entries(server.database, 1)


@breaks("audit.chain", Status.WARN, "entries 4 to 6 of then are gone", "ostrov update history")
def the_database_was_brought_back_by_an_update(server):
    write_entries(server.database, 1)
    server.one("audit.chain")
    engine = create_engine(server.database.url("ostrov_owner"))
    with engine.connect() as connection:
        lost = newest(connection)
    as_superuser(server.database, "DELETE FROM audit.entries WHERE seq > 3")
    with engine.begin() as connection:
        assert note(connection, "20261122", lost)
        assert not note(connection, "20261122", lost)
    engine.dispose()


@breaks("audit.rights", Status.FAIL, "ostrov_web: DELETE", "REVOKE DELETE ON audit.entries FROM ostrov_web")
def the_web_application_may_delete_from_the_audit(server):
    as_superuser(server.database, "GRANT DELETE ON audit.entries TO ostrov_web")


@breaks("audit.rights", Status.WARN, "of the future")
def the_clock_was_turned_back(server):
    server.machine.moment = datetime.now(UTC) - timedelta(days=2)


def set_and_reload(server, name: str, value: str) -> None:
    as_superuser(server.database, f"ALTER SYSTEM SET {name} = '{value}'", "SELECT pg_reload_conf()")
    time.sleep(0.5)


def wait_until(server, question: str, seconds: float = 20.0) -> None:
    import psycopg

    deadline = time.monotonic() + seconds
    with psycopg.connect(server.database.dsn(database="ostrov"), autocommit=True) as connection:
        while not connection.execute(question).fetchone()[0]:
            assert time.monotonic() < deadline, question
            time.sleep(0.1)
