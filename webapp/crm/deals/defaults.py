"""The pipeline that a new installation starts with."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.crm.deals.models import Stage

STAGES = (
    ("new", "New", "Новая", "open", 10),
    ("qualified", "Qualified", "Квалификация", "open", 25),
    ("offer", "Offer sent", "Предложение отправлено", "open", 50),
    ("negotiation", "Negotiation", "Переговоры", "open", 75),
    ("won", "Won", "Успешно", "won", 100),
    ("lost", "Lost", "Проиграна", "lost", 0),
)


def ensure_stages(session: Session) -> None:
    """Create the stages when there are none."""
    if session.scalars(select(Stage.id).limit(1)).first() is not None:
        return
    for position, (key, name_en, name_ru, kind, probability) in enumerate(STAGES):
        session.add(
            Stage(key=key, name_en=name_en, name_ru=name_ru, position=position, kind=kind, probability=probability)
        )
