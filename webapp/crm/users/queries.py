"""Finding accounts, and building the actor who asks: from a session, a token or an account."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from webapp.crm.users.models import ApiToken, FieldGrant, Grant, Role, Team, User, UserSession, user_roles
from webapp.kit.access import Actor, Level, Scope


def hash_secret(secret: str) -> str:
    """The SHA-256 of a session or token secret; the secret itself is never stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def rights(
    session: Session, role_ids: Iterable[int]
) -> tuple[dict[tuple[str, str], Scope], dict[tuple[str, str], Level]]:
    """The rights of several roles together: the widest scope and the highest field level of any of them."""
    ids = list(role_ids)
    grants: dict[tuple[str, str], Scope] = {}
    for row in session.execute(select(Grant.entity, Grant.action, Grant.scope).where(Grant.role_id.in_(ids))):
        key = (row.entity, row.action)
        grants[key] = max(grants.get(key, Scope.NONE), Scope(row.scope))
    restricted: dict[tuple[str, str], dict[int, int]] = {}
    fields = select(FieldGrant.role_id, FieldGrant.entity, FieldGrant.field, FieldGrant.level)
    for row in session.execute(fields.where(FieldGrant.role_id.in_(ids))):
        restricted.setdefault((row.entity, row.field), {})[row.role_id] = row.level
    # A role that does not restrict the field leaves it writable, and the highest level of all roles wins.
    levels = {key: Level(max(by_role.get(i, Level.WRITE) for i in ids)) for key, by_role in restricted.items()}
    return grants, levels


def actor_of(session: Session, user: Any, *, kind: str = "person", session_id: int | None = None) -> Actor:
    """The actor that an account stands for (`user` needs id, username, full_name, team_id, locale, theme)."""
    rows = session.execute(
        select(Role.id, Role.name).join(user_roles, user_roles.c.role_id == Role.id).where(user_roles.c.user_id == user.id)
    ).all()
    grants, fields = rights(session, [row.id for row in rows])
    return Actor(
        id=user.id,
        username=user.username,
        name=user.full_name,
        team_id=user.team_id,
        roles=frozenset(row.name for row in rows),
        grants=grants,
        fields=fields,
        locale=user.locale,
        theme=user.theme,
        kind=kind,
        session_id=session_id,
    )


USER_COLUMNS = (User.id, User.username, User.full_name, User.team_id, User.locale, User.theme)


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
    return actor_of(session, row, session_id=row.session_id)


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
    return actor_of(session, row, kind="token")


def user_by_username(session: Session, username: str) -> User | None:
    """The account with this name, in any case."""
    return session.scalars(select(User).where(User.username == username.strip().lower())).first()


def colleagues() -> Select[Any]:
    """Active accounts: id, name, team; for owner lists and for telling colleagues from clients."""
    return select(User.id, User.full_name, User.team_id, Team.name.label("team")).outerjoin(Team).where(User.active)


def names(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Account id to full name."""
    wanted = {i for i in ids if i is not None}
    if not wanted:
        return {}
    return {row.id: row.full_name for row in session.execute(select(User.id, User.full_name).where(User.id.in_(wanted)))}
