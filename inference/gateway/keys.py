"""The keys of callers: the gateway knows their SHA-256 alone, and what each of them may do."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request

from inference.gateway.config import OWN_KEY, OWN_POLICY, GatewayConfig
from inference.gateway.policy import ON_PREMISES, Policy, policies_of
from inference.gateway.problems import GatewayProblem

KEY_BYTES = 32
BEARER = b"Bearer "


class AdminOnly(GatewayProblem):
    """This key may use models but not decide about them."""

    kind = "admin-only"
    title = "This key may not do this"
    status = 403
    verdict = "refused"


@dataclass(frozen=True)
class Key:
    """A caller's key: its name in the log, the SHA-256 of its secret, its policy."""

    name: str
    sha256: str
    policy: Policy
    admin: bool = False


class KeyRing:
    """All keys that open the gateway."""

    def __init__(self, keys: Iterable[Key]) -> None:
        """Know these keys."""
        self.replace(keys)

    def replace(self, keys: Iterable[Key]) -> None:
        """Know these keys from now on, and no others."""
        self._keys = tuple((bytes.fromhex(key.sha256), key) for key in keys)

    def find(self, authorization: bytes) -> Key | None:
        """Return the key in an Authorization header; how long this takes says nothing about how near a guess was."""
        given = hashlib.sha256(authorization.removeprefix(BEARER)).digest()
        found: Key | None = None
        for digest, key in self._keys:
            if hmac.compare_digest(given, digest):
                found = key
        return found if authorization.startswith(BEARER) else None


def keys_of(config: GatewayConfig, own_secret: str) -> list[Key]:
    """Return all keys: the web application's, which administers, and those of the configuration."""
    policies = {OWN_POLICY: ON_PREMISES, **policies_of(config)}
    own = Key(OWN_KEY, fingerprint(own_secret), policies[OWN_POLICY], admin=True)
    return [own, *(Key(given.name, given.sha256, policies[given.policy], given.admin) for given in config.keys)]


def fingerprint(secret: str) -> str:
    """Return the SHA-256 of a key, as the configuration holds it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """Return a new key, 256 bits of chance."""
    return f"ostrov-{secrets.token_urlsafe(KEY_BYTES)}"


def key_of(request: Request) -> Key:
    """Return the key that the request was let in with."""
    found: Key = request.scope["ostrov.key"]
    return found


def require_admin(request: Request) -> Key:
    """Return the request's key. Raises AdminOnly when it may not administer."""
    key = key_of(request)
    if not key.admin:
        message = f"The key '{key.name}' may use models within its policy; only the web application's key decides here."
        raise AdminOnly(message)
    return key


def sees(key: Key) -> str | None:
    """Return whose runs a key may see: its own, or None for those of all."""
    return None if key.admin else key.name
