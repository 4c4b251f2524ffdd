"""Changing what roles may do. Whatever is changed, somebody must remain who can change it back."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from webapp.crm.users.messages import Rights, RoleUpdated
from webapp.crm.users.models import FieldGrant, Grant, Role, User, user_roles
from webapp.kit.access import ACTIONS, Actor, Level, Scope, require_any
from webapp.kit.changes import record
from webapp.kit.errors import Conflict, Invalid, NotFound
from webapp.kit.i18n import N_
from webapp.kit.outbox import emit

LOCK_KEY = 0x05770C  # one change of rights at a time, so that two administrators cannot remove each other
LONGEST_NAME = 60
LONGEST_DESCRIPTION = 300
# Who holds all of these can repair every other right.
ADMINISTRATION = (("user", "edit"), ("role", "edit"))


class LastAdministrator(Conflict):
    """The change would leave nobody who can administer accounts and rights."""

    title = N_("Somebody must remain who can administer accounts and rights")


def hold_rights(session: Session) -> None:
    """Let other changes of rights wait until this transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})


def keep_an_administrator(session: Session) -> None:
    """Raise LastAdministrator unless an active account may still edit all accounts and all roles."""
    held = (
        select(user_roles.c.user_id)
        .join(Grant, Grant.role_id == user_roles.c.role_id)
        .join(User, User.id == user_roles.c.user_id)
        .where(User.active, Grant.scope == int(Scope.ALL), Grant.action == "edit")
        .where(Grant.entity.in_([entity for entity, _action in ADMINISTRATION]))
        .group_by(user_roles.c.user_id)
        .having(func.count(func.distinct(Grant.entity)) == len(ADMINISTRATION))
    )
    if session.execute(held.limit(1)).first() is None:
        raise LastAdministrator(N_("Give another active account the administrator's role first"))


def role_rights(session: Session, role_id: int) -> Rights:
    """The rights of a role as they are stored."""
    grants = session.execute(select(Grant.entity, Grant.action, Grant.scope).where(Grant.role_id == role_id))
    fields = session.execute(
        select(FieldGrant.entity, FieldGrant.field, FieldGrant.level).where(FieldGrant.role_id == role_id)
    )
    return Rights(
        {(row.entity, row.action): Scope(row.scope) for row in grants},
        {(row.entity, row.field): Level(row.level) for row in fields},
    )


def _one(session: Session, role_id: int) -> Role:
    role = session.scalars(select(Role).where(Role.id == role_id).with_for_update()).first()
    if role is None:
        raise NotFound
    return role


def set_rights(session: Session, actor: Actor, role_id: int, rights: Rights) -> int:
    """Replace the rights of a role; answers how many cells changed. The audit names each of them."""
    require_any(actor, "role", "edit")
    hold_rights(session)
    role = _one(session, role_id)
    before = role_rights(session, role_id)
    kept = {key: value for key, value in before.grants.items() if key[1] not in ACTIONS}
    grants = {key: scope for key, scope in rights.grants.items() if scope is not Scope.NONE} | kept
    fields = {key: level for key, level in rights.fields.items() if level is not Level.WRITE}
    changed = _differences(before, Rights(grants, fields))
    if not changed:
        return 0
    _write(session, role_id, Rights(grants, fields))
    keep_an_administrator(session)
    record(session, "role.rights_changed", "role", role.id, rights=changed)
    emit(session, RoleUpdated(role.id))
    return len(changed)


def _write(session: Session, role_id: int, rights: Rights) -> None:
    session.execute(delete(Grant).where(Grant.role_id == role_id))
    session.execute(delete(FieldGrant).where(FieldGrant.role_id == role_id))
    grants = [
        {"role_id": role_id, "entity": entity, "action": action, "scope": int(scope)}
        for (entity, action), scope in rights.grants.items()
    ]
    fields = [
        {"role_id": role_id, "entity": entity, "field": name, "level": int(level)}
        for (entity, name), level in rights.fields.items()
    ]
    if grants:
        session.execute(insert(Grant), grants)
    if fields:
        session.execute(insert(FieldGrant), fields)


def _differences(before: Rights, after: Rights) -> dict[str, str]:
    """Each changed cell as "entity.action": "team > all"; what a role does not name is "none" or "write"."""
    found: dict[str, str] = {}
    for key in sorted({*before.grants, *after.grants}):
        old, new = before.grants.get(key, Scope.NONE), after.grants.get(key, Scope.NONE)
        if old is not new:
            found[".".join(key)] = f"{old.name.lower()} > {new.name.lower()}"
    for key in sorted({*before.fields, *after.fields}):
        was, now = before.fields.get(key, Level.WRITE), after.fields.get(key, Level.WRITE)
        if was is not now:
            found[":".join(key)] = f"{was.name.lower()} > {now.name.lower()}"
    return found


def save_role(session: Session, actor: Actor, name: str, description: str, role_id: int | None = None) -> Role:
    """Make a role without rights, or change the name and the description of one."""
    require_any(actor, "role", "edit" if role_id else "create")
    title = " ".join(name.split())
    if not title or len(title) > LONGEST_NAME:
        raise Invalid({"name": N_("A role has a name of up to 60 characters")})
    twin = session.scalars(select(Role).where(func.lower(Role.name) == title.lower())).first()
    if twin is not None and twin.id != role_id:
        raise Invalid({"name": N_("There is a role with this name")})
    role = Role() if role_id is None else _one(session, role_id)
    role.name, role.description = title, description.strip()[:LONGEST_DESCRIPTION]
    session.add(role)
    session.flush()
    record(session, "role.updated" if role_id else "role.created", "role", role.id)
    return role


def copy_rights(session: Session, source_id: int, role_id: int) -> None:
    """Give a new role the rights of another one."""
    _one(session, source_id)
    _write(session, role_id, role_rights(session, source_id))
    record(session, "role.rights_copied", "role", role_id, source=source_id)


def delete_role(session: Session, actor: Actor, role_id: int) -> None:
    """Remove a role that nobody has."""
    require_any(actor, "role", "delete")
    role = _one(session, role_id)
    if session.execute(select(user_roles.c.user_id).where(user_roles.c.role_id == role_id).limit(1)).first():
        raise Conflict(N_("Accounts have this role: give them another one first"))
    session.delete(role)
    record(session, "role.deleted", "role", role_id)
