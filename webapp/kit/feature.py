"""What a feature gives to the product: one `Feature(...)` value in its `feature.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint

from webapp.kit.access import Actor
from webapp.kit.outbox import Subscriber
from webapp.kit.searchable import SearchSource


@dataclass(frozen=True)
class NavItem:
    """An entry of the navigation; `entity` hides it from people without the right to view that entity."""

    label: str
    endpoint: str
    icon: str
    order: int
    entity: str | None = None


@dataclass(frozen=True)
class Slot:
    """A fragment that a higher feature puts on a lower one's page.

    `place` names the page part ("person.aside", "organisation.timeline", ...); `url(record_id)` answers the fragment,
    fetched with htmx, so that the lower feature knows nothing of the higher.
    """

    place: str
    title: str
    url: Callable[[int], str]
    order: int = 50
    entity: str | None = None


@dataclass(frozen=True)
class Feature:
    """Blueprints, navigation, event handlers, search and slots of one feature."""

    name: str
    blueprints: tuple[Blueprint, ...] = ()
    apis: tuple[Any, ...] = ()  # flask_openapi3.APIBlueprint, mounted under /api/v1
    nav: tuple[NavItem, ...] = ()
    subscribers: tuple[Subscriber, ...] = ()
    search: SearchSource | None = None
    slots: tuple[Slot, ...] = ()
    public_endpoints: frozenset[str] = frozenset()  # endpoints that need no actor (sign-in page, health)
    install: tuple[Callable[[Any], None], ...] = ()  # called with the application, for extensions such as sign-in
    settings_links: tuple[NavItem, ...] = ()


def visible_slots(slots: list[Slot], place: str, actor: Actor) -> list[Slot]:
    """The slots of a place that this actor may open, in order."""
    return sorted(
        (s for s in slots if s.place == place and (s.entity is None or actor.may(s.entity))), key=lambda s: s.order
    )
