"""What of a record can be found: records say it themselves; the index is kept by `webapp.ai.search`.

A `SearchPart` names the field it comes from, because a part of a hidden field must not be found either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Select

from webapp.kit.access import Actor


@dataclass(frozen=True)
class SearchPart:
    """One findable piece of a record.

    `kind` is "name" (found by fragments, never embedded), "contact" (phone or e-mail: fragments) or "text" (embedded).
    `second` places a piece of a call, `page` a piece of a document.
    """

    field: str
    text: str
    kind: str = "text"
    second: float | None = None
    page: int | None = None


class Searchable(Protocol):
    """A record that can be found."""

    __entity__: str
    id: Any

    def search_title(self) -> str:
        """What the record is called in a list of results."""

    def search_parts(self) -> list[SearchPart]:
        """Everything of the record that can be found."""


@dataclass(frozen=True)
class SearchSource:
    """How search treats an entity: which ids an actor may see, and where a result leads.

    `visible_ids(actor)` is a SELECT of ids, None for "all" (no filter needed); `url(id)` is a page.
    """

    entity: str
    label: str
    icon: str
    visible_ids: Callable[[Actor], Select[Any] | None]
    url: Callable[[int], str]
