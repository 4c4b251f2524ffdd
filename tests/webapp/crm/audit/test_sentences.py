"""Every action that the code records has a sentence in both languages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import webapp
from webapp.crm.audit.sentences import action_name, sentence
from webapp.kit.i18n import use_locale

CALL = re.compile(r'(?:^|[\s.(])record\(\s*(?:g\.|card\.)?session,\s*(?P<actions>"[^,]*?),', re.MULTILINE)
ROOT = Path(webapp.__file__).parent


def recorded() -> list[str]:
    found: set[str] = set()
    for path in ROOT.rglob("*.py"):
        for match in CALL.finditer(path.read_text(encoding="utf-8")):
            found |= set(re.findall(r'"([a-z_]+\.[a-z_]+)"', match["actions"]))
    return sorted(found)


@dataclass
class Entry:
    action: str
    entity: str = "thing"
    entity_id: str = "5"
    details: dict[str, Any] = field(default_factory=dict)


def test_the_actions_of_the_code_are_found():
    assert {"ai.run", "person.viewed", "user.signed_in", "ai.feature_off", "proposal.rejected"} <= set(recorded())


@pytest.mark.parametrize("locale", ["en", "ru"])
@pytest.mark.parametrize("action", recorded())
def test_an_action_is_told_in_words(action, locale):
    use_locale(locale)
    try:
        told, name = sentence(Entry(action)), action_name(action)
    finally:
        use_locale("en")
    assert told != action, "say it in webapp/crm/audit/sentences.py, and in Russian in translations/ru.po beside it"
    assert name != action
    assert "%(" not in told + name


@pytest.mark.parametrize("details", [{}, {"fields": ["phone"]}, {"fields": "odd"}, {"fields": None, "extra": {"a": 1}}])
def test_details_of_any_shape_break_nothing(details):
    assert sentence(Entry("person.updated", "person", "5", details)).startswith("Changed: person № 5")
