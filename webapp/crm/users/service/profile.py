"""What people do with their own account: language, theme, password, sessions, tokens."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.crm.users.models import ApiToken, User, UserSession
from webapp.crm.users.passwords import hash_password, weakness
from webapp.crm.users.queries import hash_secret
from webapp.crm.users.service.sign_in import Verifier, end_sessions
from webapp.kit.access import Actor, Scope, require_any
from webapp.kit.changes import record
from webapp.kit.errors import Forbidden, Invalid, NotFound
from webapp.kit.i18n import LOCALES, N_

THEMES = ("auto", "light", "dark")
LONGEST_TOKEN_NAME = 80
TOKEN_PREFIX = "ost_"  # noqa: S105 - lets a secret scanner recognise a leaked token


def _self(session: Session, actor: Actor) -> User:
    user = session.get(User, actor.id)
    if user is None:
        raise NotFound
    return user


def choose(session: Session, actor: Actor, *, locale: str | None = None, theme: str | None = None) -> None:
    """Choose the language or the look of the pages; what is not one of the choices is ignored."""
    user = _self(session, actor)
    if locale in LOCALES:
        user.locale = locale
    if theme in THEMES:
        user.theme = theme


def change_password(session: Session, actor: Actor, old: str, new: str, *, verify: Verifier, moment: datetime) -> None:
    """Change one's own password and end all other sessions; raises Invalid, naming the field."""
    user = session.scalars(select(User).where(User.id == actor.id).with_for_update()).one()
    if not verify(user, old):
        raise Invalid({"old": N_("This is not your present password")})
    if reason := weakness(new, username=user.username):
        raise Invalid({"new": reason})
    if old == new:
        raise Invalid({"new": N_("Choose a password that differs from the present one")})
    set_password(user, new, temporary=False)
    record(session, "user.password_changed", "user", user.id)
    end_sessions(session, user.id, moment, keep=actor.session_id)


def set_password(user: User, password: str, *, temporary: bool) -> None:
    """Store a password; whatever was signed for the old one (Flask-Security's own cookies) ends with it."""
    user.password = hash_password(password)
    user.password_temporary = temporary
    user.fs_uniquifier = uuid.uuid4().hex
    user.failed_attempts = 0
    user.locked_until = None


def end_own_session(session: Session, actor: Actor, session_id: int, moment: datetime) -> None:
    """End one of one's own sessions."""
    found = session.get(UserSession, session_id)
    if found is None or found.user_id != actor.id or found.ended_at is not None:
        raise NotFound
    found.ended_at = moment
    record(session, "user.session_ended", "user", actor.id, session_id=session_id)


def create_token(session: Session, actor: Actor, name: str) -> str:
    """Make a bearer token that acts with the actor's rights; its secret is answered once and never stored."""
    require_any(actor, "token", "create")
    if actor.kind != "person" or actor.id is None:
        raise Forbidden(N_("A token cannot make tokens: sign in to the pages"))
    title = " ".join(name.split())
    if not title or len(title) > LONGEST_TOKEN_NAME:
        raise Invalid({"name": N_("Say in up to 80 characters what the token is for")})
    secret = f"{TOKEN_PREFIX}{secrets.token_urlsafe(32)}"
    session.add(ApiToken(user_id=actor.id, name=title, secret_hash=hash_secret(secret)))
    session.flush()
    return secret


def revoke_token(session: Session, actor: Actor, token_id: int, moment: datetime) -> ApiToken:
    """End a token for good: one's own, or anybody's with the right to it."""
    token = session.get(ApiToken, token_id)
    scope = actor.scope("token", "delete")
    if token is None or token.revoked_at is not None or (token.user_id != actor.id and scope is not Scope.ALL):
        raise NotFound
    if scope is Scope.NONE:
        raise Forbidden
    token.revoked_at = moment
    return token
