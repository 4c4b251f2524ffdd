"""The release before runs on the schema of today: its own programs and tests, with the migrations of this checkout.

The release before is the newest tag `v*` below this commit. Until there is one, it is what stood before the newest
migration was added.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = ("webapp/migrations", "inference/migrations")
PROGRAMS = ("appliance", "inference", "webapp", "tests", "pyproject.toml")
BUILT = "webapp/web/static/build"  # not in git; the pages of the release before need some, not theirs
ASKED = ("deals", "organisations", "people", "tasks")
BREAKING = """
from alembic import op
revision = "9999"
down_revision = "{head}"
def upgrade():
    op.execute("ALTER TABLE people RENAME notes TO remarks")
"""


def git(*words: str) -> str:
    """What git says. Skips where this is no clone."""
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"The release before is not known here: git {words[0]} says {done.stderr.strip()!r}.")
    return done.stdout.strip()


def before() -> str:
    """The commit of the release before this one."""
    if git("rev-parse", "--is-shallow-repository") == "true":
        pytest.skip("The release before is not in this clone, which is a shallow one: git fetch --unshallow --tags")
    here = git("rev-parse", "HEAD")
    tags = git("tag", "--list", "v*", "--merged", "HEAD", "--sort=-version:refname").split()
    commits = [git("rev-list", "-n", "1", tag) for tag in tags]
    older = [commit for commit in commits if commit != here]
    if older:
        return older[0]
    folders = [f"{folder}/versions" for folder in MIGRATIONS]
    return git("log", "-1", "--diff-filter=A", "--format=%H~1", "--", *folders)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """The release before, unpacked, with today's migrations in the place of its own."""
    commit = before()
    archive = tmp_path / "before.tar"
    git("archive", "--output", str(archive), commit, *PROGRAMS)
    folder = tmp_path / "before"
    folder.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", folder], check=True)
    for name in MIGRATIONS:
        shutil.rmtree(folder / name)
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    if (ROOT / BUILT).is_dir():
        shutil.copytree(ROOT / BUILT, folder / BUILT, dirs_exist_ok=True)
    return folder


def outcome(release: Path, postgres: str, *names: str) -> subprocess.CompletedProcess[str]:
    """Run tests of the release before, with its own programs."""
    sockets = postgres.partition("host=")[2]
    environment = {**os.environ, "PYTHONPATH": str(release), "OSTROV_TEST_POSTGRES": sockets}
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST"):
        environment.pop(name, None)
    seen = subprocess.run(
        [sys.executable, "-c", "import webapp; print(webapp.__file__)"],
        env=environment,
        cwd=release,
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout.startswith(str(release)), "the programs of the release before are the ones that run"
    folders = [f"tests/webapp/crm/{name}" for name in names if (release / "tests/webapp/crm" / name).is_dir()]
    assert folders
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n0", *folders]
    return subprocess.run(words, env=environment, cwd=release, capture_output=True, text=True, check=False)


def test_the_tests_of_the_release_before_pass_on_the_schema_of_today(release: Path, postgres: str) -> None:
    done = outcome(release, postgres, *ASKED)
    assert done.returncode == 0, done.stdout[-6000:]
    assert " passed" in done.stdout


def test_a_migration_that_takes_away_what_the_release_before_needs_is_found(release: Path, postgres: str) -> None:
    versions = release / "webapp/migrations/versions"
    head = max(path.name[:4] for path in versions.glob("0*.py"))
    (versions / "9999_breaks.py").write_text(BREAKING.format(head=head))
    done = outcome(release, postgres, "people")
    assert done.returncode == 1, done.stdout[-3000:]
    assert "notes" in done.stdout
