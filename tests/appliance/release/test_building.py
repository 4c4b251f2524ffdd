"""What a bundle is built from: lock files that agree, migrations in one line, playbooks, keys of the right kind."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from appliance.cli.main import ostrov
from appliance.release import building, commands, manifest, reading, signing, wheels
from appliance.release.problems import BuildError
from appliance.release.wheels import read_lock
from tests.appliance.release.conftest import CONTENT, Maker, make_key, tiny_source

ROOT = Path(__file__).parents[3]
DEVELOPERS = {"pytest", "ruff", "mypy", "ansible-core", "playwright", "hypothesis"}


def pins(name: str) -> set[tuple[str, str]]:
    return {(requirement.name, requirement.version) for requirement in read_lock(ROOT / name)}


def test_a_server_gets_the_versions_that_were_tested() -> None:
    assert pins("requirements-server.lock") <= pins("requirements.lock")


def test_a_server_gets_nothing_that_only_developers_need() -> None:
    assert DEVELOPERS & {name for name, _ in pins("requirements-server.lock")} == set()


def test_every_line_of_the_servers_lock_has_hashes() -> None:
    assert [line.name for line in read_lock(ROOT / "requirements-server.lock") if not line.hashes] == []


@pytest.mark.parametrize("room", manifest.MIGRATIONS)
def test_the_range_of_migrations_is_what_alembic_finds(room: str) -> None:
    folder = ROOT / manifest.MIGRATIONS[room]
    config = Config()
    config.set_main_option("script_location", str(folder.parent))
    scripts = ScriptDirectory.from_config(config)
    assert manifest.schema_range(folder) == {"base": scripts.get_bases()[0], "head": scripts.get_current_head()}


def test_migrations_that_fork_are_refused(tmp_path: Path) -> None:
    for name, before in (("a", None), ("b", "a"), ("c", "a")):
        (tmp_path / f"{name}.py").write_text(f"revision = {name!r}\ndown_revision = {before!r}\n")
    with pytest.raises(BuildError, match="one line"):
        manifest.schema_range(tmp_path)


def test_the_release_of_this_checkout_gets_along_with_itself() -> None:
    release = manifest.of_checkout(ROOT)
    assert manifest.of_checkout(ROOT, "9.9.9").version == "9.9.9"
    assert manifest.of_checkout(ROOT, min_from="0.0.1").min_from == "0.0.1"
    for oldest in (release.min_from, release.readable_by):
        assert tuple(map(int, oldest.split("."))) <= tuple(map(int, release.version.split(".")))


def test_a_version_that_is_none_is_refused_before_anything_is_built() -> None:
    with pytest.raises(BuildError, match="next"):
        manifest.of_checkout(ROOT, "next")


def test_the_playbooks_come_with_the_verifier_and_without_the_lab() -> None:
    files = building.provisioning_files(ROOT)
    assert {"provisioning/site.yml", "provisioning/files/verifying.py", "provisioning/files/reading.py"} <= files.keys()
    assert not [path for path in files if "/lab/" in path or "__pycache__" in path]


def test_only_an_ed25519_key_signs(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="RSA"):
        signing.key_id(make_key(tmp_path, "old", "rsa"))
    with pytest.raises(BuildError, match="no signing key"):
        signing.key_id(tmp_path / "nothing")


def test_a_source_package_is_built_into_a_wheel_and_the_lock_names_the_wheels_hash(tmp_path: Path) -> None:
    lock = tiny_source(tmp_path / "cache")
    (tmp_path / "lock").write_text(f"# made\n{lock}    # via nobody\n")
    (found,) = wheels.collect(tmp_path / "lock", tmp_path / "cache")
    assert f"sha256:{found.origin}\n" in lock
    assert found.path.name.endswith("-none-any.whl")
    assert found.pinned == f"tiny==1.0 --hash=sha256:{hashlib.sha256(found.path.read_bytes()).hexdigest()}"


def test_show_and_verify_speak_to_people_and_to_programs(make: Maker) -> None:
    bundle = make.bundle(
        manifest=make.manifest(CONTENT, built_at="2020-01-01T00:00:00+00:00", expires_at="2999-01-01T00:00:00+00:00")
    )
    cli = CliRunner()
    shown = cli.invoke(ostrov, ["bundle", "show", str(bundle)])
    assert shown.exit_code == 0, shown.output
    assert "ostrov 1.0.0" in shown.output
    assert "not checked" in shown.output
    told = json.loads(cli.invoke(ostrov, ["bundle", "show", "--json", str(bundle)]).output)
    assert told["version"] == "1.0.0"
    words = ["bundle", "verify", str(bundle), "--signers", str(make.signers)]
    good = cli.invoke(ostrov, [*words, "--json"])
    assert (good.exit_code, json.loads(good.output)["verdict"]) == (0, "good")
    bundle.write_bytes(bundle.read_bytes()[:-600])
    bad = cli.invoke(ostrov, words)
    assert bad.exit_code == 3
    assert "Copy the bundle again" in bad.stderr
    assert json.loads(cli.invoke(ostrov, [*words, "--json"]).output)["code"] == "truncated"


def test_weights_alone_are_never_taken_for_a_release(make: Maker) -> None:
    far = {"built_at": "2020-01-01T00:00:00+00:00", "expires_at": "2999-01-01T00:00:00+00:00"}
    bundle = make.bundle(manifest=make.manifest(CONTENT, name="ostrov-models", **far))
    words = ["bundle", "verify", str(bundle), "--signers", str(make.signers)]
    assert CliRunner().invoke(ostrov, words).exit_code == 3
    assert CliRunner().invoke(ostrov, [*words, "--name", "ostrov-models"]).exit_code == 0


def test_a_build_that_cannot_be_leaves_no_file(tmp_path: Path) -> None:
    key = make_key(tmp_path, "old", "rsa")
    words = ["bundle", "build", "--key", str(key), "--output", str(tmp_path / "out")]
    result = CliRunner().invoke(ostrov, words, env={"XDG_CACHE_HOME": os.fspath(tmp_path / "cache")})
    assert result.exit_code == 1
    assert "ssh-keygen -t ed25519" in result.stderr
    assert not (tmp_path / "out").exists()


def test_the_page_on_bundles_names_every_refusal_every_option_and_every_field(make: Maker) -> None:
    page = (ROOT / "docs/bundles.md").read_text()
    codes = [refusal("", "").code for refusal in reading.Refusal.__subclasses__()]
    options = [option for parameter in commands.build.params for option in parameter.opts]
    fields = list(json.loads(make.manifest({})))
    missing = [word for word in (*codes, *fields) if f"`{word}`" not in page]
    assert missing + [option for option in options if option not in page] == []


def test_the_lock_of_servers_is_as_new_as_the_dependencies() -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    locked = {canonicalize_name(name): version for name, version in pins("requirements-server.lock")}
    for requirement in map(Requirement, asked):
        assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)]), requirement
