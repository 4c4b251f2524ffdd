"""What the model invents is dropped; what people say is kept."""

import pytest

from inference.speech.cleaning import is_invented


def judged(text, *, logprob=-0.3, no_speech=0.1, probabilities=(0.9, 0.8)):
    return is_invented(text, avg_logprob=logprob, no_speech_prob=no_speech, word_probabilities=list(probabilities))


@pytest.mark.parametrize(
    "text",
    [
        "Субтитры сделал DimaTorzok",
        "Продолжение следует...",
        "Спасибо за просмотр!",
        "Thanks for watching!",
        "Редактор субтитров А.Семкин Корректор А.Егорова",
        "[Music]",
        "♪♪♪",
        "...",
        "*applause*",
        "да, да, да, да, да, да, да, да, да, да, да, да, да, да, да, да, да, да, да, да, да, да,",
    ],
)
def test_what_subtitles_end_with_and_loops_are_dropped(text):
    assert judged(text)


@pytest.mark.parametrize(
    "text",
    [
        "Спасибо большое, до свидания.",
        "Thank you.",
        "Да.",
        "Yes, yes, yes.",
        "Мы хотим продолжить в следующем году.",
        "My phone number is 555 01 23.",
        "[Music] Good morning, North Supply.",
        "8 916 000 00 00",
        "Мы смотрели ваш канал поставок и хотим двести метров силового кабеля по старой цене.",
    ],
)
def test_what_callers_say_is_kept(text):
    assert not judged(text)


@pytest.mark.parametrize(
    "doubt",
    [
        {"no_speech": 0.95},
        {"logprob": -1.8},
        {"no_speech": 0.6, "logprob": -1.1},
        {"probabilities": (0.05, 0.1)},
    ],
)
def test_words_that_the_model_itself_doubts_are_dropped(doubt):
    assert judged("Thank you.", **doubt)
