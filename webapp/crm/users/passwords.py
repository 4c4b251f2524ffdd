"""Passwords: argon2id hashes that Flask-Security reads too, one normal form, and the rules for new ones."""

from __future__ import annotations

import secrets
import unicodedata

from argon2 import PasswordHasher

from webapp.kit.i18n import N_

SHORTEST = 10  # characters
LONGEST = 200  # characters; argon2 takes more, but an attacker pays nothing for sending more
COMMON = frozenset(
    {"1234567890", "0987654321", "1q2w3e4r5t", "qwertyuiop", "password123", "password1234", "qwerty12345", "йцукенгшщз"}
)
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without letters that look alike
TEMPORARY_LENGTH = 14

_hasher = PasswordHasher()


def normal(password: str) -> str:
    """One form for a password, however the keyboard composed its letters."""
    return unicodedata.normalize("NFKC", password)


def hash_password(password: str) -> str:
    """The argon2id hash of a password, with its own salt and parameters inside."""
    return _hasher.hash(normal(password))


def weakness(password: str, *, username: str = "") -> str:
    """Why a new password is not taken, as a message id; empty when it is good enough."""
    if len(password) < SHORTEST:
        return N_("A password has at least 10 characters")
    if len(password) > LONGEST:
        return N_("A password has at most 200 characters")
    folded = normal(password).casefold()
    if username and username.casefold() in folded:
        return N_("A password does not contain the name of its account")
    if folded in COMMON or len(set(folded)) < SHORTEST // 2:
        return N_("This password is too easy to guess")
    return ""


def temporary_password() -> str:
    """A password to tell a person once; it must be changed at the first sign-in."""
    return "".join(secrets.choice(ALPHABET) for _ in range(TEMPORARY_LENGTH))
