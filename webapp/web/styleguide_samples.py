"""Believable content of the style guide: a Russian equipment dealer, its clients and one call."""

from __future__ import annotations

from typing import Any

DURATION_SECONDS = 58.0

PEOPLE: list[dict[str, Any]] = [
    {"name": "Анна Ковалёва", "company": "ООО «Волна»", "city": "Калининград", "amount": 1_240_000, "state": "open"},
    {"name": "Dmitry Orlov", "company": "Northwind Logistics", "city": "Санкт-Петербург", "amount": 380_000, "state": "won"},
    {"name": "Марат Гайнутдинов", "company": "АО «Уралпромсталь»", "city": "Челябинск", "amount": 7_950_000, "state": "open"},
    {"name": "Sarah Whitfield", "company": "Harbour Foods Ltd", "city": "Bristol", "amount": 96_400, "state": "lost"},
    {"name": "Елена Тихонова", "company": "ИП Тихонова Е. В.", "city": "Псков", "amount": 54_000, "state": "open"},
    {"name": "Константин Преображенский", "company": "ПАО «Северный порт»", "city": "Мурманск", "amount": 2_310_500, "state": "open"},
]

STAGES = (("new", "Новая"), ("offer", "Предложение"), ("contract", "Договор"), ("won", "Оплачено"))

DEALS: list[dict[str, Any]] = [
    {"title": "Насосная станция НС-40", "client": "ООО «Волна»", "amount": 1_240_000, "stage": "offer", "owner": "Ольга Смирнова"},
    {"title": "Сервис на 2027 год", "client": "ПАО «Северный порт»", "amount": 2_310_500, "stage": "offer", "owner": "Иван Белов"},
    {"title": "Cold storage pumps", "client": "Harbour Foods Ltd", "amount": 96_400, "stage": "new", "owner": "Ольга Смирнова"},
    {"title": "Замена фильтров", "client": "ИП Тихонова Е. В.", "amount": 54_000, "stage": "new", "owner": "Пётр Ильин"},
    {"title": "Линия охлаждения, этап 2", "client": "АО «Уралпромсталь»", "amount": 7_950_000, "stage": "contract", "owner": "Иван Белов"},
    {"title": "Spare parts, autumn", "client": "Northwind Logistics", "amount": 380_000, "stage": "won", "owner": "Пётр Ильин"},
]

RUN = {
    "id": "7c1f0a52", "module": "call_card", "module_version": "1.0.0", "prompt_version": "1",
    "model": "qwen2.5-coder-1.5b-instruct-q4_k_m", "duration_ms": 21400,
}  # fmt: skip

_LINES = (
    ("colleague", 0.4, 4.9, "Компания «Ноктюрн», Ольга, добрый день."),
    ("client", 5.2, 12.8, "Добрый день! Это Анна Ковалёва, компания «Волна». Мы хотим заказать две насосные станции."),
    ("colleague", 13.3, 17.0, "Анна, отлично. На какой бюджет вы рассчитываете?"),
    ("client", 17.6, 23.9, "До миллиона двухсот пятидесяти тысяч рублей за обе, вместе с доставкой."),
    ("colleague", 24.4, 31.0, "Поняла. Я подготовлю предложение и пришлю его в пятницу утром."),
    ("client", 31.5, 39.2, "Хорошо. Моя почта kovaleva, собака, volna, точка, example. И позвоните мне, пожалуйста, после этого."),
    ("colleague", 40.0, 46.1, "Обязательно позвоню в пятницу после обеда. Спасибо за звонок!"),
    ("client", 46.6, 49.5, "Спасибо вам, до свидания."),
)


def segments() -> list[dict[str, Any]]:
    """The call's sentences with the time of each word, evenly spread."""
    made = []
    for speaker, start, end, text in _LINES:
        words = text.split()
        step = (end - start) / len(words)
        timed = [
            {"word": word, "start": round(start + i * step, 2), "end": round(start + (i + 1) * step, 2),
             "probability": 0.42 if word.startswith("kovaleva") else 0.93}
            for i, word in enumerate(words)
        ]  # fmt: skip
        made.append({"speaker": speaker, "start": start, "end": end, "text": text, "words": timed})
    return made


def _proposal(number: int, label: str, display: str, quote: str, second: float, confidence: float, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "label": label, "display": display, "value_text": display, "quote": quote, "second": second,
        "confidence": confidence, "by": "Анна Ковалёва", "state": "proposed", **more,
    }  # fmt: skip


def proposals() -> list[dict[str, Any]]:
    """What the module suggests from the call, in several states."""
    return [
        _proposal(1, "Человек", "Анна Ковалёва", "Это Анна Ковалёва, компания «Волна»", 5.9, 0.96, state="accepted"),
        _proposal(2, "Товар", "Насосная станция НС-40 × 2", "Мы хотим заказать две насосные станции", 9.6, 0.88),
        _proposal(
            3, "Бюджет", "1 250 000 ₽", "До миллиона двухсот пятидесяти тысяч рублей за обе", 17.6, 0.81,
            was="900 000 ₽", value_text="1250000", input="number",
        ),
        _proposal(4, "Эл. почта", "kovaleva@volna.example", "kovaleva, собака, volna, точка, example", 33.1, 0.43, input="email"),
        _proposal(
            5, "Следующий шаг", "Прислать предложение — пятница, 27 ноября, 10:00", "пришлю его в пятницу утром", 27.8, 0.74,
            by="Ольга Смирнова", note="«Пятница» отсчитана от дня звонка, 22 ноября",
        ),
        _proposal(6, "Настроение", "Доброжелательное", "Спасибо вам, до свидания", 46.6, 0.61, state="rejected"),
        _proposal(
            7, "Телефон", "+7 401 255-18-40", "позвоните мне", 36.0, 0.35, state="conflict", was="+7 401 255-18-41",
            note="Это поле изменил коллега; решите вы",
        ),
    ]  # fmt: skip


ANSWER = "Мы пообещали прислать предложение на две насосные станции в пятницу утром и перезвонить после обеда."
