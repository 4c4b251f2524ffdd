"""What makes two mentions the same value."""

from __future__ import annotations

from inference.anonymise.spans import Found


class Keys:
    """Gives each find its key: finds with one key are one placeholder."""

    def weight(self, item: Found, text: str) -> int:
        """How much a mention tells about its value; those that tell most are named first."""
        return 0

    def of(self, item: Found, text: str) -> tuple[str, str]:
        """The key of a find and the form to restore."""
        surface = text[item.start : item.end]
        return item.key or surface.lower(), surface

    def surface(self, kind: str, key: str, surface: str) -> str:
        """The best form known for a key."""
        return surface
