"""The table of records that came from other systems."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base


class ExternalRecord(Base):
    """A record's key in another system. `seen` holds a short digest of each field as it was sent last."""

    __tablename__ = "external_records"
    __table_args__ = (UniqueConstraint("source", "entity", "key"), Index(None, "entity", "record_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    entity: Mapped[str]
    key: Mapped[str]
    record_id: Mapped[int]
    seen: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
