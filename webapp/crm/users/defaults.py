"""The roles that a new installation starts with; an administrator may change every right afterwards."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.crm.users.models import FieldGrant, Grant, Role
from webapp.kit.access import ACTIONS, Level, Scope
from webapp.kit.i18n import N_

RECORDS = ("organisation", "person", "deal", "task", "communication", "document")
SEEN = (Scope.ALL, Scope.NONE, Scope.NONE, Scope.NONE)
OWN_TOKENS = {"token": (Scope.OWN, Scope.OWN, Scope.OWN, Scope.OWN)}  # everybody looks after their own

# role -> entity -> scopes of view, create, edit, delete
MATRIX: dict[str, dict[str, tuple[Scope, Scope, Scope, Scope]]] = {
    "staff": {
        **dict.fromkeys(RECORDS, (Scope.TEAM, Scope.OWN, Scope.TEAM, Scope.OWN)),
        "product": SEEN,
        **OWN_TOKENS,
    },
    "head": {
        **dict.fromkeys(RECORDS, (Scope.ALL, Scope.ALL, Scope.ALL, Scope.TEAM)),
        "product": (Scope.ALL, Scope.ALL, Scope.ALL, Scope.ALL),
        "ai": SEEN,
        **OWN_TOKENS,
    },
    "administrator": {
        **dict.fromkeys((*RECORDS, "product", "user", "token", "role"), (Scope.ALL, Scope.ALL, Scope.ALL, Scope.ALL)),
        "job": (Scope.ALL, Scope.NONE, Scope.ALL, Scope.NONE),
        "ai": (Scope.ALL, Scope.NONE, Scope.ALL, Scope.NONE),
        "run": SEEN,
    },
    "officer": {
        **dict.fromkeys(("organisation", "person", "audit", "user", "role", "run"), SEEN),
        **OWN_TOKENS,
    },
}

# role -> (entity, field) -> level: what an officer needs is who was seen, not how to reach them
FIELDS: dict[str, dict[tuple[str, str], Level]] = {
    "staff": {("organisation", "tax_number"): Level.READ},
    "officer": {
        ("organisation", "phone"): Level.HIDDEN,
        ("organisation", "email"): Level.HIDDEN,
        ("organisation", "notes"): Level.HIDDEN,
        ("person", "phone"): Level.HIDDEN,
        ("person", "email"): Level.HIDDEN,
        ("person", "notes"): Level.HIDDEN,
    },
}

DESCRIPTIONS = {
    "staff": N_("Works with the clients of the team"),
    "head": N_("Sees and steers all clients, deals and teams"),
    "administrator": N_("Runs the server, accounts and rights"),
    "officer": N_("Reads the audit room; sees who was opened, not how to reach them"),
}


def ensure_roles(session: Session) -> None:
    """Create the roles that are missing, with their default rights; roles that exist are left as they are."""
    present = set(session.scalars(select(Role.name)))
    for name, entities in MATRIX.items():
        if name in present:
            continue
        role = Role(name=name, description=DESCRIPTIONS[name])
        session.add(role)
        session.flush()
        for entity, scopes in entities.items():
            for action, scope in zip(ACTIONS, scopes, strict=True):
                session.add(Grant(role_id=role.id, entity=entity, action=action, scope=int(scope)))
        for (entity, field), level in FIELDS.get(name, {}).items():
            session.add(FieldGrant(role_id=role.id, entity=entity, field=field, level=int(level)))
