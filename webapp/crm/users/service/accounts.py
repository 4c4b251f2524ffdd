"""Administering accounts and teams."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload

from webapp.crm.users.messages import AccountFields, UserCreated, UserUpdated
from webapp.crm.users.models import Role, Team, User, user_roles
from webapp.crm.users.passwords import temporary_password
from webapp.crm.users.service.profile import set_password
from webapp.crm.users.service.rights import hold_rights, keep_an_administrator
from webapp.crm.users.service.sign_in import end_sessions
from webapp.kit.access import Actor, require_any
from webapp.kit.changes import record
from webapp.kit.errors import Conflict, Invalid, NotFound
from webapp.kit.i18n import LOCALES, N_
from webapp.kit.outbox import emit

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
EMAIL = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]+\.[^\s@<>\".]{2,}")
LONGEST_NAME = 120
LONGEST_TEAM = 80


@dataclass(frozen=True)
class NewAccount:
    """The account that was made, with the password to tell its person once."""

    user_id: int
    password: str


def _check(session: Session, fields: AccountFields, *, user_id: int | None) -> None:
    """Raise Invalid with one sentence a field that does not fit."""
    errors: dict[str, str] = {}
    if not USERNAME.fullmatch(fields.username):
        errors["username"] = N_("2 to 40 small latin letters, digits, dots or dashes, beginning with a letter or digit")
    elif _taken(session, User.username, fields.username, user_id):
        errors["username"] = N_("This name is taken")
    if not fields.full_name or len(fields.full_name) > LONGEST_NAME:
        errors["full_name"] = N_("Please write the person's name")
    if not EMAIL.fullmatch(fields.email):
        errors["email"] = N_("This is not an e-mail address")
    elif _taken(session, User.email, fields.email, user_id):
        errors["email"] = N_("Another account has this address")
    if errors := errors | _check_choices(session, fields):
        raise Invalid(errors)


def _check_choices(session: Session, fields: AccountFields) -> dict[str, str]:
    errors: dict[str, str] = {}
    if fields.team_id is not None and session.get(Team, fields.team_id) is None:
        errors["team_id"] = N_("This team is gone")
    if not fields.role_ids:
        errors["roles"] = N_("Choose at least one role: without one, nothing can be seen")
    elif len(_roles(session, fields.role_ids)) != len(fields.role_ids):
        errors["roles"] = N_("This role is gone")
    if fields.locale not in LOCALES:
        errors["locale"] = N_("Choose one of the languages")
    return errors


def _taken(session: Session, column: InstrumentedAttribute[str], value: str, user_id: int | None) -> bool:
    found = session.scalars(select(User.id).where(column == value)).first()
    return found is not None and found != user_id


def _roles(session: Session, ids: frozenset[int]) -> list[Role]:
    return list(session.scalars(select(Role).where(Role.id.in_(ids))))


def create(session: Session, actor: Actor, fields: AccountFields) -> NewAccount:
    """Make an account with a temporary password."""
    require_any(actor, "user", "create")
    _check(session, fields, user_id=None)
    user = User(
        username=fields.username,
        full_name=fields.full_name,
        email=fields.email,
        team_id=fields.team_id,
        locale=fields.locale,
        fs_uniquifier=uuid.uuid4().hex,
        roles=_roles(session, fields.role_ids),
    )
    password = temporary_password()
    set_password(user, password, temporary=True)
    session.add(user)
    session.flush()
    record(session, "user.roles_changed", "user", user.id, roles=sorted(role.name for role in user.roles))
    emit(session, UserCreated(user.id))
    return NewAccount(user.id, password)


def load(session: Session, actor: Actor, user_id: int, action: str = "edit") -> User:
    """The account with its roles and team, for somebody who may do `action` on accounts."""
    require_any(actor, "user", action)
    statement = select(User).options(selectinload(User.roles), selectinload(User.team)).where(User.id == user_id)
    user = session.scalars(statement).first()
    if user is None:
        raise NotFound
    return user


def update(session: Session, actor: Actor, user_id: int, fields: AccountFields) -> User:
    """Change an account's fields and roles; at least one active administrator must remain."""
    user = load(session, actor, user_id)
    hold_rights(session)
    _check(session, fields, user_id=user_id)
    for name in ("username", "full_name", "email", "team_id", "locale"):
        setattr(user, name, getattr(fields, name))
    before = {role.id for role in user.roles}
    if before != fields.role_ids:
        session.execute(delete(user_roles).where(user_roles.c.user_id == user.id))
        session.execute(insert(user_roles), [{"user_id": user.id, "role_id": i} for i in sorted(fields.role_ids)])
        names = sorted(role.name for role in _roles(session, fields.role_ids))
        record(session, "user.roles_changed", "user", user.id, roles=names)
        session.expire(user, ["roles"])
    session.flush()
    keep_an_administrator(session)
    emit(session, UserUpdated(user.id))
    return user


def set_active(session: Session, actor: Actor, user_id: int, *, active: bool, moment: datetime) -> User:
    """Switch an account on or off; switching off ends its sessions at once."""
    user = load(session, actor, user_id)
    hold_rights(session)
    if not active and user.id == actor.id:
        raise Conflict(N_("You cannot switch off the account that you are using"))
    user.active = active
    session.flush()
    if not active:
        keep_an_administrator(session)
        end_sessions(session, user.id, moment)
    emit(session, UserUpdated(user.id))
    return user


def give_password(session: Session, actor: Actor, user_id: int, moment: datetime) -> str:
    """Set a temporary password, to be told to the person once; ends the account's sessions and its lock."""
    user = load(session, actor, user_id)
    password = temporary_password()
    set_password(user, password, temporary=True)
    record(session, "user.password_given", "user", user.id)
    end_sessions(session, user.id, moment)
    return password


def unlock(session: Session, actor: Actor, user_id: int) -> User:
    """Let an account that was locked by wrong passwords sign in again."""
    user = load(session, actor, user_id)
    user.failed_attempts, user.locked_until = 0, None
    record(session, "user.unlocked", "user", user.id)
    return user


def end_all_sessions(session: Session, actor: Actor, user_id: int, moment: datetime) -> int:
    """End every session of an account."""
    user = load(session, actor, user_id)
    return end_sessions(session, user.id, moment)


def save_team(session: Session, actor: Actor, name: str, team_id: int | None = None) -> Team:
    """Make a team, or rename one."""
    require_any(actor, "user", "edit")
    title = " ".join(name.split())
    if not title or len(title) > LONGEST_TEAM:
        raise Invalid({"name": N_("A team has a name of up to 80 characters")})
    twin = session.scalars(select(Team).where(func.lower(Team.name) == title.lower())).first()
    if twin is not None and twin.id != team_id:
        raise Invalid({"name": N_("There is a team with this name")})
    team = Team() if team_id is None else session.get(Team, team_id)
    if team is None:
        raise NotFound
    team.name = title
    session.add(team)
    session.flush()
    record(session, "team.updated" if team_id else "team.created", "team", team.id)
    return team


def delete_team(session: Session, actor: Actor, team_id: int) -> None:
    """Remove a team that nobody is in; its records keep their owners."""
    require_any(actor, "user", "edit")
    team = session.get(Team, team_id)
    if team is None:
        raise NotFound
    if session.scalars(select(User.id).where(User.team_id == team_id).limit(1)).first() is not None:
        raise Conflict(N_("People are in this team: move them to another one first"))
    session.delete(team)
    record(session, "team.deleted", "team", team_id)
