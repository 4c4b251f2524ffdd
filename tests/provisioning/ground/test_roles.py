"""What every role and playbook keeps: the page that describes it, the description of each variable, and its bounds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

PROVISIONING = Path(__file__).resolve().parents[3] / "provisioning"
PARTS_OF_ROLES = {"unit"}  # included by other roles, never played
ROLES = sorted(
    path
    for path in (PROVISIONING / "roles").iterdir()
    if (path / "tasks/main.yml").is_file() and path.name not in PARTS_OF_ROLES
)
ROLES_OF_THE_DATABASE = {"ostrov_owner", "ostrov_web", "ostrov_gateway", "ostrov_replica"}
EVERY = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
YAML = sorted(path for path in PROVISIONING.rglob("*.yml") if path.is_file())


def defaults(role):
    """The role's defaults, by name."""
    path = role / "defaults/main.yml"
    return (yaml.safe_load(path.read_text()) or {}) if path.is_file() else {}


def options(role):
    """The options of the role's argument spec, by name."""
    return yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"].get("options", {})


@EVERY
def test_a_role_has_a_page_and_says_what_it_is(role):
    assert (role / "README.md").is_file()
    assert "description" in yaml.safe_load((role / "meta/main.yml").read_text())["galaxy_info"]


@EVERY
def test_every_variable_with_a_default_is_specified(role):
    assert sorted(set(defaults(role)) - set(options(role))) == []


@EVERY
def test_every_specified_variable_has_a_default_or_is_required(role):
    known = defaults(role)
    assert (
        sorted(name for name, option in options(role).items() if name not in known and not option.get("required")) == []
    )


@EVERY
def test_every_default_has_a_comment(role):
    path = role / "defaults/main.yml"
    lines = path.read_text().splitlines() if path.is_file() else []
    bare, commented = [], False
    for line in lines:
        if line.startswith("#"):
            commented = True
        elif re.match(r"[a-z_]+:", line):
            bare += [] if commented else [line]
        elif not line.strip():
            commented = False
    assert bare == []


@EVERY
def test_variables_carry_the_name_of_their_role(role):
    names = set(defaults(role)) | set(options(role))
    assert sorted(name for name in names if not name.startswith(f"{role.name}_")) == []


@EVERY
def test_no_role_reads_a_variable_of_another(role):
    others = [other.name for other in ROLES if other.name != role.name and not role.name.startswith(f"{other.name}_")]
    foreign = re.compile(r"\b_{0,2}(" + "|".join(others) + r")_[a-z0-9_]+\b")
    own = re.compile(rf"_{{0,2}}{role.name}_")
    found = set()
    for path in [
        *role.glob("tasks/*.yml"),
        *role.glob("handlers/*.yml"),
        *role.glob("templates/*"),
        *role.glob("vars/*.yml"),
    ]:
        for expression in re.findall(
            r"\{\{(.+?)\}\}|\{%(.+?)%\}|^\s*(?:when|that):(.+)$", path.read_text(), re.DOTALL | re.MULTILINE
        ):
            code = re.sub(r"'[^']*'|\"[^\"]*\"", "", " ".join(expression))
            found |= {match[0] for match in foreign.finditer(code) if not own.match(match[0])}
    assert sorted(found) == []


@EVERY
def test_variables_are_checked_before_anything_is_touched(role):
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]
    assert (role / "tasks/validate.yml").is_file() == ("validate" in specs)
    assert specs.get("validate", specs["main"]) == specs["main"]


@EVERY
def test_a_role_can_be_taken_away(role):
    # The first changes nothing, the second only takes away; the folder of the third goes with users.
    nothing_of_its_own = {"preflight", "moved_parts", "secrets"}
    assert (role / "tasks/uninstall.yml").is_file() or role.name in nothing_of_its_own


@pytest.mark.parametrize("path", YAML, ids=lambda path: str(path.relative_to(PROVISIONING)))
def test_no_task_runs_a_shell_or_a_collection(path):
    used = re.findall(r"^\s*(?:- )?([a-z_]+\.[a-z_]+\.[a-z_0-9]+):", path.read_text(), re.MULTILINE)
    assert (
        sorted({name for name in used if not name.startswith("ansible.builtin.") or name == "ansible.builtin.shell"})
        == []
    )


@pytest.mark.parametrize("path", YAML, ids=lambda path: str(path.relative_to(PROVISIONING)))
def test_an_assertion_says_what_to_do(path):
    def assertions(tasks):
        for task in tasks or []:
            if isinstance(task, dict):
                if "ansible.builtin.assert" in task:
                    yield task
                for part in ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers"):
                    yield from assertions(task.get(part))

    content = yaml.safe_load(path.read_text())
    found = assertions(content) if isinstance(content, list) else []
    assert [task["name"] for task in found if not task["ansible.builtin.assert"].get("fail_msg")] == []


def wired():
    """All variables of the files that wire roles together, by name."""
    found = {}
    for path in sorted((PROVISIONING / "group_vars/all").glob("*.yml")):
        found |= yaml.safe_load(path.read_text())
    return found


def test_every_wired_variable_is_a_variable_of_a_role():
    known = {name for role in ROLES for name in options(role)}
    text = "".join(path.read_text() for path in (PROVISIONING / "group_vars/all").glob("*.yml"))
    stray = [name for name in wired() if name not in known and len(re.findall(rf"\b{name}\b", text)) < 2]
    assert [name for name in stray if not name.startswith("ostrov_")] == []


def test_every_role_of_the_play_is_checked_before_it_begins():
    plays = yaml.safe_load((PROVISIONING / "site.yml").read_text())
    played = [entry["role"] for play in plays for entry in play.get("roles", [])]
    wiring = yaml.safe_load((PROVISIONING / "group_vars/all/wiring.yml").read_text())
    listed = re.findall(r"'([a-z_]+)'", wiring["ostrov_roles"])
    assert [name for name in played if name not in listed] == []


def test_the_example_names_every_variable_that_people_set():
    example = (PROVISIONING / "inventories/example/group_vars/all/main.yml").read_text()
    text = "".join(path.read_text() for path in (PROVISIONING / "group_vars/all").glob("*.yml"))
    read = (PROVISIONING / "tasks/read_bundle.yml").read_text()
    computed = (
        set(wired()) | set(re.findall(r"^ *(ostrov_[a-z0-9_]+): ", read, re.MULTILINE)) | {"ostrov_manifest_text"}
    )
    wanted = set(re.findall(r"\bostrov_[a-z0-9_]+", text)) - computed - ROLES_OF_THE_DATABASE
    assert sorted(name for name in wanted if not re.search(rf"^(# )?{name}:", example, re.MULTILINE)) == []
