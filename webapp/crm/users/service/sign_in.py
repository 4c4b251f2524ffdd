"""Signing in and out: attempts are counted per account, and an answer never tells which part was wrong."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.crm.users.models import User, UserSession
from webapp.crm.users.queries import actor_of, hash_secret
from webapp.kit.access import Actor
from webapp.kit.changes import begin, record

# Answers whether the password is the account's; for None it spends the same time and answers False.
Verifier = Callable[[User | None, str], bool]
LONGEST_BROWSER = 300  # characters of a User-Agent header that are kept


@dataclass(frozen=True)
class Policy:
    """How many wrong passwords lock an account, for how long, and how long a session lasts."""

    attempts: int
    lock_minutes: int
    session_hours: int


@dataclass(frozen=True)
class Device:
    """Where somebody signs in from, as the list of sessions shows it."""

    address: str = ""
    browser: str = ""


@dataclass(frozen=True)
class SignedIn:
    """A session has begun: the secret goes into the browser's cookie and is kept nowhere else."""

    user_id: int
    secret: str
    password_temporary: bool


def sign_in(
    session: Session,
    username: str,
    password: str,
    *,
    verify: Verifier,
    policy: Policy,
    device: Device,
    moment: datetime,
) -> SignedIn | None:
    """Begin a session, or None. The caller commits in both cases, because a failure is counted and audited.

    The account's row stays locked until then, so that attempts at once count one after another.
    """
    wanted = username.strip().lower()
    user = session.scalars(select(User).where(User.username == wanted).with_for_update()).first()
    if user is None or not user.active or user.password is None:
        verify(None, password)
        _failed(session, user, "unknown" if user is None else "inactive")
        return None
    if user.locked_until is not None and user.locked_until > moment:
        verify(None, password)
        _failed(session, user, "locked")
        return None
    if user.locked_until is not None:
        user.locked_until, user.failed_attempts = None, 0
    if not verify(user, password):
        _count_failure(session, user, policy, moment)
        return None
    user.failed_attempts = 0
    return _begin_session(session, user, policy, device, moment)


def _failed(session: Session, user: User | None, reason: str) -> None:
    """Audit a failure. What was typed as a name is not kept: it may have been a password."""
    record(session, "user.sign_in_failed", "user", user.id if user else None, reason=reason)


def _count_failure(session: Session, user: User, policy: Policy, moment: datetime) -> None:
    user.failed_attempts += 1
    _failed(session, user, "password")
    if user.failed_attempts >= policy.attempts:
        user.locked_until = moment + timedelta(minutes=policy.lock_minutes)
        record(session, "user.locked", "user", user.id, minutes=policy.lock_minutes)


def _begin_session(session: Session, user: User, policy: Policy, device: Device, moment: datetime) -> SignedIn:
    secret = secrets.token_urlsafe(32)
    row = UserSession(
        user_id=user.id,
        secret_hash=hash_secret(secret),
        expires_at=moment + timedelta(hours=policy.session_hours),
        created_at=moment,
        seen_at=moment,
        address=device.address,
        browser=device.browser[:LONGEST_BROWSER],
    )
    session.add(row)
    session.flush()
    begin(session, actor_of(session, user, session_id=row.id), request_id=session.info.get("request_id", ""))
    record(session, "user.signed_in", "user", user.id, session_id=row.id)
    return SignedIn(user.id, secret, user.password_temporary)


def sign_out(session: Session, actor: Actor, moment: datetime) -> None:
    """End the session that the actor asks from."""
    if actor.session_id is not None:
        session.execute(update(UserSession).where(UserSession.id == actor.session_id).values(ended_at=moment))
        record(session, "user.signed_out", "user", actor.id, session_id=actor.session_id)


def end_sessions(session: Session, user_id: int, moment: datetime, *, keep: int | None = None) -> int:
    """End all sessions of an account but `keep`; answers how many there were."""
    statement = update(UserSession).where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))
    if keep is not None:
        statement = statement.where(UserSession.id != keep)
    ended = session.execute(statement.values(ended_at=moment).returning(UserSession.id)).all()
    if ended:
        record(session, "user.sessions_ended", "user", user_id, count=len(ended))
    return len(ended)
