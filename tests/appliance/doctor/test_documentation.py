"""What the doctor can find is written down: every check has its place with a cause and a remedy, in both languages."""

import re
from pathlib import Path

import pytest

from appliance.doctor import prometheus
from appliance.doctor.check import GROUPS
from appliance.doctor.checks import CHECKS

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


def paragraph(check: str) -> str:
    """What the page says of a check: from its anchor to the next heading after its own."""
    after = PAGE.partition(f'<a id="{check.replace(".", "-")}"></a>')[2]
    heading, _, rest = after.partition("\n### ")[2].partition("\n")
    return f"{heading}\n{re.split(r'^(?:## |<a id)', rest, maxsplit=1, flags=re.MULTILINE)[0]}"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_has_its_paragraph_with_a_remedy(check):
    told = paragraph(check.id)
    assert check.id in told.splitlines()[0]
    assert "Remedy:" in told
    assert len(told.split()) > 20


def test_the_page_names_no_check_that_does_not_exist():
    anchors = set(re.findall(r'<a id="([a-z0-9-]+)"></a>', PAGE))
    assert anchors == {check.id.replace(".", "-") for check in CHECKS}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_speaks_both_languages_and_names_its_control(check):
    for said in (check.title, check.expected):
        assert CYRILLIC.search(said.ru)
        assert not CYRILLIC.search(said.en)
    assert "ISO 27001 A." in check.control


def test_every_check_belongs_to_a_known_group_and_needs_checks_that_exist():
    ids = [check.id for check in CHECKS]
    assert len(set(ids)) == len(ids)
    assert {check.group for check in CHECKS} == set(GROUPS)
    assert {need for check in CHECKS for need in check.needs} <= set(ids)


@pytest.mark.parametrize("name", prometheus.NAMES)
def test_every_figure_is_documented(name):
    assert f"`{name}`" in (DOCS / "metrics.md").read_text(encoding="utf-8")
