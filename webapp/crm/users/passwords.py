"""Password hashes: argon2id with the library's current defaults, readable by Flask-Security."""

from __future__ import annotations

from argon2 import PasswordHasher

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The argon2id hash of a password, with its own salt and parameters inside."""
    return _hasher.hash(password)
