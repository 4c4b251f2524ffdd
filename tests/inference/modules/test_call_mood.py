"""What the client wants and feels, in the words in which calls say it."""

import pytest

from inference.modules.call_card.module import read
from inference.modules.call_card.mood import guess_intent, guess_sentiment
from inference.modules.call_card.schema import Input


def _request(*said: str) -> Input:
    """A call in which our colleague answers, then the client says these things."""
    texts = [(1, "Остров, слушаю вас."), *((0, words) for words in said)]
    segments = [
        {"index": index, "start": 5.0 * index, "end": 5.0 * index + 4, "text": text, "channel": channel}
        for index, (channel, text) in enumerate(texts)
    ]
    communication = {"id": "1", "occurred_at": "2026-11-25T11:30:00+03:00", "direction": "in", "segments": segments}
    base = {"communication": communication, "timezone": "Europe/Moscow", "currency": "RUB"}
    return Input.model_validate({"company": {"name": "Остров"}, **base})


def _intent(*said: str) -> str | None:
    call, _, _ = read(_request(*said))
    guess = guess_intent(call)
    return guess.value if guess is not None else None


def _sentiment(*said: str) -> str | None:
    call, _, _ = read(_request(*said))
    guess = guess_sentiment(call)
    return guess.value if guess is not None else None


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("Could we set up a meet-em to go over the contract?", "meeting"),
        ("Нужны грузовые шины, 48 штук.", "purchase"),
        ("Где наш груз, когда его привезут?", "delivery"),
        ("Когда нам установят фильтр?", "delivery"),
        ("Сколько у вас будут стоить пятнадцать станков?", "quote_request"),
        ("Are you open on Saturdays?", "information"),
        ("Скажите, вы в субботу работаете?", "information"),
        ("Our boiler is making a terrible noise.", "support"),
        ("Я уже неделю жду ответа, никто не перезванивает.", "complaint"),
        ("Третий день насосы стоят, никто не едет. Это никуда не годится.", "complaint"),
    ],
)
def test_the_words_of_a_wish_are_told_apart(said: str, intent: str) -> None:
    assert _intent(said) == intent


@pytest.mark.parametrize(
    ("said", "sentiment"),
    [
        ("Спасибо вам большое, третий день стоим, никто не едет. Это никуда не годится.", "negative"),
        ("Никто не перезванивает, это просто издевательство.", "negative"),
        ("The pump makes a terrible noise since Monday.", "neutral"),
    ],
)
def test_a_feeling_is_told_from_a_noise_and_from_irony(said: str, sentiment: str) -> None:
    assert _sentiment(said) == sentiment


@pytest.mark.parametrize(
    "said", ["Алло, вас не слышно.", "Hello, is anybody there? I'm going to hang up now.", "Алло!"]
)
def test_a_call_in_which_nothing_is_said_has_no_mood(said: str) -> None:
    assert _sentiment(said) is None
