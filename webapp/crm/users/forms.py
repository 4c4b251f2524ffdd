"""Forms of accounts, teams and rights: text in, commands out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from werkzeug.datastructures import MultiDict

from webapp.crm.users.messages import AccountFields, Rights
from webapp.kit.access import ACTIONS, Level, Scope
from webapp.kit.i18n import N_

Form = MultiDict[str, str]

# Entities of the rights grid, in the order of the page: name, label, whether its records have owners and teams.
ENTITIES: tuple[tuple[str, str, bool], ...] = (
    ("organisation", N_("Organisations"), True),
    ("person", N_("People"), True),
    ("deal", N_("Deals"), True),
    ("task", N_("Tasks"), True),
    ("communication", N_("Communications"), True),
    ("document", N_("Documents"), True),
    ("product", N_("Products"), False),
    ("user", N_("Accounts and teams"), False),
    ("role", N_("Roles and rights"), False),
    ("token", N_("API tokens"), False),
    ("job", N_("Background jobs"), False),
    ("audit", N_("Audit room"), False),
    ("ai", N_("AI: quality, prompts and switches"), False),
    ("run", N_("Log of AI runs with its masked texts"), False),
)
ACTION_LABELS = {"view": N_("see"), "create": N_("create"), "edit": N_("change"), "delete": N_("delete")}
SCOPE_LABELS = {
    Scope.NONE: N_("none"),
    Scope.OWN: N_("own"),
    Scope.TEAM: N_("the team's"),
    Scope.ALL: N_("all"),
}
LEVEL_LABELS = {Level.WRITE: N_("write"), Level.READ: N_("read"), Level.HIDDEN: N_("hidden")}
FIELD_LABELS = {
    "all_day": N_("All day"),
    "amount": N_("Amount"),
    "body": N_("Text"),
    "bytes": N_("Size"),
    "city": N_("City"),
    "currency": N_("Currency"),
    "deal_id": N_("Deal"),
    "direction": N_("Direction"),
    "done_at": N_("Done"),
    "due_at": N_("Due"),
    "email": N_("E-mail"),
    "expected_close": N_("Expected close"),
    "filename": N_("File name"),
    "full_name": N_("Name"),
    "industry": N_("Industry"),
    "intent": N_("Intent"),
    "kind": N_("Kind"),
    "language": N_("Language"),
    "media_type": N_("Kind of file"),
    "name": N_("Name"),
    "notes": N_("Notes"),
    "occurred_at": N_("When"),
    "organisation_id": N_("Organisation"),
    "pages": N_("Pages"),
    "person_id": N_("Person"),
    "phone": N_("Phone"),
    "position": N_("Position"),
    "recording_id": N_("Recording"),
    "sentiment": N_("Sentiment"),
    "sha256": N_("Checksum"),
    "stage_id": N_("Stage"),
    "state": N_("State"),
    "subject": N_("Subject"),
    "summary": N_("Summary"),
    "tax_number": N_("Tax number"),
    "title": N_("Title"),
    "website": N_("Website"),
}
OWN_ONLY = frozenset({"token"})  # no teams, but everybody has some of their own
# (entity, action) that mean nothing: nobody creates an audit entry by hand
NEVER = frozenset(
    {
        ("ai", "create"),
        ("ai", "delete"),
        ("audit", "create"),
        ("audit", "edit"),
        ("audit", "delete"),
        ("job", "create"),
        ("job", "delete"),
        ("run", "create"),
        ("run", "edit"),
        ("run", "delete"),
        ("user", "delete"),
    }
)


def scopes_of(entity: str) -> tuple[Scope, ...]:
    """The scopes that make sense for an entity."""
    owned = {name: flag for name, _label, flag in ENTITIES}
    if owned.get(entity):
        return (Scope.NONE, Scope.OWN, Scope.TEAM, Scope.ALL)
    return (Scope.NONE, Scope.OWN, Scope.ALL) if entity in OWN_ONLY else (Scope.NONE, Scope.ALL)


def plain(text: str | None) -> str:
    """Typed text without the one character that PostgreSQL cannot keep."""
    return (text or "").replace("\x00", "").strip()


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def read_account(form: Form) -> AccountFields:
    """The fields of an account as typed; the service checks them."""
    ids = {_number(text) for text in form.getlist("roles")}
    return AccountFields(
        username=plain(form.get("username")).lower(),
        full_name=" ".join(plain(form.get("full_name")).split()),
        email=plain(form.get("email")).lower(),
        team_id=_number(form.get("team_id")),
        role_ids=frozenset(i for i in ids if i is not None),
        locale=str(form.get("locale", "en")),
    )


def read_rights(form: Form, known_fields: Mapping[str, Sequence[str]]) -> Rights:
    """The grid as submitted. A cell that was not sent, or says what cannot be, is "none" or "write"."""
    grants: dict[tuple[str, str], Scope] = {}
    for entity, _label, _owned in ENTITIES:
        for action in ACTIONS:
            value = _number(form.get(f"grant-{entity}-{action}"))
            if (entity, action) not in NEVER and value in [int(scope) for scope in scopes_of(entity)]:
                grants[entity, action] = Scope(value or 0)
    levels: dict[tuple[str, str], Level] = {}
    for entity, names in known_fields.items():
        for name in names:
            value = _number(form.get(f"field-{entity}-{name}"))
            if value in (int(Level.HIDDEN), int(Level.READ)):
                levels[entity, name] = Level(value)
    return Rights(grants, levels)
