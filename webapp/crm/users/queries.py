"""Finding accounts, and building the actor who asks: from a session, a token or an account."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_, update
from sqlalchemy.orm import Session, joinedload, selectinload

from webapp.crm.users.models import ApiToken, FieldGrant, Grant, Role, Team, User, UserSession, user_roles
from webapp.kit.access import Actor, Level, Scope
from webapp.kit.changes import SILENT_FIELDS
from webapp.kit.db import Base, Owned
from webapp.kit.errors import NotFound


def hash_secret(secret: str) -> str:
    """The SHA-256 of a session or token secret; the secret itself is never stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _held(*columns: Any, table: Any, role_id: Any) -> ColumnElement[Any]:
    """What the account's roles have in a table of rights, as one JSON value: one statement reads all."""
    rows = select(func.jsonb_agg(func.jsonb_build_array(*columns))).select_from(table)
    joined = rows.join(user_roles, user_roles.c.role_id == role_id).where(user_roles.c.user_id == User.id)
    return joined.correlate(User).scalar_subquery()


USER_COLUMNS = (
    *(User.id, User.username, User.full_name, User.team_id, User.locale, User.theme),
    _held(Role.id, Role.name, table=Role, role_id=Role.id).label("roles"),
    _held(Grant.entity, Grant.action, Grant.scope, table=Grant, role_id=Grant.role_id).label("grants"),
    _held(
        *(FieldGrant.role_id, FieldGrant.entity, FieldGrant.field, FieldGrant.level),
        table=FieldGrant,
        role_id=FieldGrant.role_id,
    ).label("fields"),
)


def _actor(row: Any, *, kind: str, session_id: int | None = None) -> Actor:
    """The actor in a row of USER_COLUMNS: the widest scope and the highest field level of all roles together."""
    roles_held: dict[int, str] = dict(row.roles or [])
    grants: dict[tuple[str, str], Scope] = {}
    for entity, action, scope in row.grants or []:
        grants[entity, action] = max(grants.get((entity, action), Scope.NONE), Scope(scope))
    restricted: dict[tuple[str, str], dict[int, int]] = {}
    for role_id, entity, field, level in row.fields or []:
        restricted.setdefault((entity, field), {})[role_id] = level
    # A role that does not restrict the field leaves it writable, and the highest level of all roles wins.
    fields = {key: Level(max(by.get(i, Level.WRITE) for i in roles_held)) for key, by in restricted.items()}
    return Actor(
        id=row.id,
        username=row.username,
        name=row.full_name,
        team_id=row.team_id,
        roles=frozenset(roles_held.values()),
        grants=grants,
        fields=fields,
        locale=row.locale,
        theme=row.theme,
        kind=kind,
        session_id=session_id,
    )


def actor_of(session: Session, user: Any, *, kind: str = "person", session_id: int | None = None) -> Actor:
    """The actor that an account stands for."""
    row = session.execute(select(*USER_COLUMNS).where(User.id == user.id)).one()
    return _actor(row, kind=kind, session_id=session_id)


def actor_by_session(session: Session, secret: str, moment: datetime) -> Actor | None:
    """The actor of a signed-in browser; None when the session is unknown, ended, expired or the account is off."""
    statement = (
        select(*USER_COLUMNS, UserSession.id.label("session_id"), UserSession.seen_at)
        .join(UserSession, UserSession.user_id == User.id)
        .where(UserSession.secret_hash == hash_secret(secret), UserSession.ended_at.is_(None))
        .where(UserSession.expires_at > moment, User.active)
    )
    row = session.execute(statement).first()
    if row is None:
        return None
    if (moment - row.seen_at).total_seconds() > SEEN_STEP_SECONDS:
        session.execute(update(UserSession).where(UserSession.id == row.session_id).values(seen_at=moment))
    return _actor(row, kind="person", session_id=row.session_id)


SEEN_STEP_SECONDS = 60  # "last seen" is written once a minute, not at every click


def actor_by_token(session: Session, secret: str, moment: datetime) -> Actor | None:
    """The actor of a bearer token; None when it is unknown, revoked or the account is off."""
    statement = (
        select(*USER_COLUMNS, ApiToken.id.label("token_id"), ApiToken.used_at)
        .join(ApiToken, ApiToken.user_id == User.id)
        .where(ApiToken.secret_hash == hash_secret(secret), ApiToken.revoked_at.is_(None), User.active)
    )
    row = session.execute(statement).first()
    if row is None:
        return None
    if row.used_at is None or (moment - row.used_at).total_seconds() > SEEN_STEP_SECONDS:
        session.execute(update(ApiToken).where(ApiToken.id == row.token_id).values(used_at=moment))
    return _actor(row, kind="token")


def user_by_username(session: Session, username: str) -> User | None:
    """The account with this name, in any case."""
    return session.scalars(select(User).where(User.username == username.strip().lower())).first()


def colleagues() -> Select[int, str, int | None, str]:
    """Active accounts: id, name, team; for owner lists and for telling colleagues from clients."""
    return select(User.id, User.full_name, User.team_id, Team.name.label("team")).outerjoin(Team).where(User.active)


def names(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Account id to full name."""
    wanted = {i for i in ids if i is not None}
    if not wanted:
        return {}
    return {
        row.id: row.full_name for row in session.execute(select(User.id, User.full_name).where(User.id.in_(wanted)))
    }


ACCOUNTS_SHOWN = 100


def accounts(
    session: Session, *, fragment: str = "", state: str = "", after: tuple[str, int] | None = None
) -> tuple[list[Any], tuple[str, int] | None]:
    """One page of accounts by name, with team, roles and when they were last seen; and the key of the next page."""
    held = (
        select(func.array_agg(Role.name)).join(user_roles).where(user_roles.c.user_id == User.id).correlate(User)
    ).scalar_subquery()
    seen = select(func.max(UserSession.seen_at)).where(UserSession.user_id == User.id).correlate(User).scalar_subquery()
    statement = (
        select(
            *(User.id, User.username, User.full_name, User.email, User.active, User.locked_until),
            Team.name.label("team"),
            held.label("roles"),
            seen.label("seen_at"),
        )
        .outerjoin(Team)
        .order_by(User.full_name, User.id)
        .limit(ACCOUNTS_SHOWN + 1)
    )
    if fragment.strip():
        columns = (User.full_name, User.username, User.email)
        statement = statement.where(or_(*[column.icontains(fragment.strip(), autoescape=True) for column in columns]))
    if state in ("active", "off"):
        statement = statement.where(User.active.is_(state == "active"))
    elif state == "locked":
        statement = statement.where(User.locked_until > func.now())
    if after is not None:
        statement = statement.where(tuple_(User.full_name, User.id) > after)
    rows = list(session.execute(statement))
    more = len(rows) > ACCOUNTS_SHOWN
    rows = rows[:ACCOUNTS_SHOWN]
    return rows, (rows[-1].full_name, rows[-1].id) if more else None


def account(session: Session, user_id: int | None) -> User:
    """One account with its team and roles; raises NotFound."""
    statement = select(User).options(joinedload(User.team), selectinload(User.roles)).where(User.id == user_id)
    found = session.scalars(statement).first()
    if found is None:
        raise NotFound
    return found


def sessions_of(session: Session, user_id: int, moment: datetime) -> list[UserSession]:
    """The sessions of an account that are open, the last used first."""
    statement = select(UserSession).where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))
    return list(session.scalars(statement.where(UserSession.expires_at > moment).order_by(UserSession.seen_at.desc())))


def tokens_of(session: Session, user_id: int) -> list[ApiToken]:
    """The API tokens of an account that work, the newest first."""
    statement = select(ApiToken).where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    return list(session.scalars(statement.order_by(ApiToken.id.desc())))


def teams(session: Session) -> list[Any]:
    """Teams by name, with the count of their active people: id, name, people."""
    people = func.count(User.id).filter(User.active).label("people")
    return list(
        session.execute(select(Team.id, Team.name, people).outerjoin(User).group_by(Team.id).order_by(Team.name))
    )


def roles(session: Session) -> list[Any]:
    """Roles in the order in which they were made, with the count of their people: id, name, description, people."""
    people = func.count(user_roles.c.user_id).label("people")
    statement = select(Role.id, Role.name, Role.description, people).outerjoin(user_roles)
    return list(session.execute(statement.group_by(Role.id).order_by(Role.id)))


def role(session: Session, role_id: int) -> Role:
    """One role; raises NotFound."""
    found = session.get(Role, role_id)
    if found is None:
        raise NotFound
    return found


def restrictable_fields() -> dict[str, list[str]]:
    """Entity to the names of its fields that a role may be kept from, taken from the tables of all features."""
    found: dict[str, list[str]] = {}
    for mapper in Base.registry.mappers:
        entity = getattr(mapper.class_, "__entity__", "")
        if not entity or not issubclass(mapper.class_, Owned):
            continue
        found[entity] = [
            attribute.key
            for attribute in mapper.column_attrs
            if attribute.key not in SILENT_FIELDS
            and attribute.columns[0].computed is None
            and not attribute.columns[0].info.get("silent")
            and attribute.key not in ("owner_id", "team_id")
        ]
    return found
