"""Each thing that can go wrong is told by its check, in words that name it, with what to type."""

import re

import psycopg
import pytest

from appliance.doctor.checks import CHECKS
from appliance.doctor.result import Status
from tests.appliance.doctor import broken_data, broken_egress, broken_security, broken_services
from tests.appliance.doctor.breaking import BREAKS, Break
from tests.appliance.doctor.conftest import as_superuser, set_anew

TABLES = (broken_services, broken_egress, broken_data, broken_security)
TROUBLE = {Status.WARN, Status.FAIL, Status.UNKNOWN}
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
# These cannot be brought about by a file, a command or a small database; their tests stand alone.
ELSEWHERE = {"services.disk", "database.age"}


@pytest.fixture
def mended(server):
    """The server; what a test did to its cluster is taken back."""
    with psycopg.connect(server.database.dsn(database="ostrov")) as connection:
        revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    yield server
    if (server.database.data / "postgresql.auto.conf").read_text().count("="):
        set_anew(server.database)
    as_superuser(
        server.database,
        f"UPDATE alembic_version SET version_num = '{revision}'",
        "ALTER ROLE ostrov_web NOBYPASSRLS",
        "REVOKE DELETE ON audit.entries FROM ostrov_web",
        "DROP TABLE IF EXISTS public.half, public.noise",
        "SELECT pg_stat_reset_shared('archiver')",
    )


@pytest.mark.parametrize("broken", BREAKS, ids=lambda each: f"{each.check}: {each.name.replace('_', ' ')}")
def test_what_is_broken_is_told_with_its_remedy(broken: Break, mended):
    broken.do(mended)
    finding = mended.one(broken.check)
    assert (finding.status, broken.seen in finding.observed.en) == (broken.status, True), finding.observed.en
    assert broken.remedy in finding.remedy.en
    if finding.status in TROUBLE:
        assert finding.remedy, "a finding without a remedy helps nobody"
        assert finding.observed.ru


def test_every_check_was_seen_to_fail():
    assert TABLES
    seen = {each.check for each in BREAKS if each.status in TROUBLE}
    assert {check.id for check in CHECKS} - seen == ELSEWHERE
