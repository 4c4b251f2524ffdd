"""What the card's code makes of the ways in which people put things on the telephone."""

from typing import Any

import pytest

from appliance.contract.modules import Word
from inference.modules.call_card.casing import with_capitals
from inference.modules.call_card.module import collect, read
from inference.modules.call_card.mood import guess_intent
from inference.modules.call_card.schema import Input

PRODUCTS = [
    {"id": "1", "name": "Насос центробежный ЦН-50", "aliases": ["центробежный насос"]},
    {"id": "2", "name": "Label Printer LP4", "aliases": ["label printer"]},
]


def _request(*said: str, mono: bool = False, **more: Any) -> Input:
    """A call in which "A: ..." is said by our colleague, "C: ..." by the client."""
    segments = [
        {
            "index": index,
            "start": 5.0 * index,
            "end": 5.0 * index + 4,
            "text": words[3:],
            "channel": None if mono else int(words[0] == "A"),
        }
        for index, words in enumerate(said)
    ]
    communication = {"id": "1", "occurred_at": "2026-11-25T11:30:00+03:00", "direction": "in", "segments": segments}
    base = {"communication": communication, "timezone": "Europe/Moscow", "currency": "RUB", "products": PRODUCTS}
    return Input.model_validate({"company": {"name": "Остров"}, **base, **more})


def _values(*said: str, mono: bool = False, **more: Any) -> dict[str, list[Any]]:
    call, _, _ = read(_request(*said, mono=mono, **more))
    values: dict[str, list[Any]] = {}
    for finding in collect(call):
        values.setdefault(finding.field, []).append(finding.value)
    return values


def test_a_question_is_answered_by_the_other_side_of_a_one_channel_call() -> None:
    request = _request(
        "A: Good morning, Fairmont, this is Rachel, how can I help?",
        "C: Hi Rachel, we need thirty desks.",
        "A: What's your name?",
        "C: Peter Lindqvist.",
        mono=True,
    )
    _, sentences, _ = read(request)
    assert [sentence.speaker for sentence in sentences] == ["colleague", "client", "colleague", "client"]


def test_a_request_without_a_question_mark_is_answered_by_the_other_side() -> None:
    request = _request(
        "A: Ostrov Systems, good afternoon.",
        "C: Hi, I'm calling about an order.",
        "A: May I have your name and company please.",
        "C: Sure, Owen Pritchard from Celtic Foods.",
        mono=True,
    )
    call, sentences, _ = read(request)
    assert [sentence.speaker for sentence in sentences] == ["colleague", "client", "colleague", "client"]
    assert [f.value for f in collect(call) if f.field == "organisation"] == ["Celtic Foods"]


def test_two_speakers_in_one_sentence_of_one_channel_are_told_apart() -> None:
    request = _request(
        "A: Здравствуйте, компьютерный мир, меня зовут Игорь, слушаю вас, Игорь, добрый день, "
        "лицей номер пять, нам требуется двадцать пять ноутбуков и три проектора.",
        mono=True,
    )
    _, sentences, _ = read(request)
    assert [sentence.speaker for sentence in sentences] == ["colleague", "client"]
    assert sentences[1].text.startswith("Игорь, добрый день, лицей")
    assert all(request.communication.segments[0].text[s.start : s.end] == s.text for s in sentences)


@pytest.mark.parametrize(
    ("said", "budget"),
    [
        ("Выделили миллион, сто тысяч рублей.", [1_100_000]),
        ("Выделили 1 миллион высеемесрот тысяч рублей.", None),
    ],
)
def test_a_sum_that_is_torn_is_rather_left_out(said: str, budget: list[int] | None) -> None:
    assert _values("A: Остров, какой у вас бюджет?", f"C: {said}").get("budget") == budget


def test_who_answers_the_telephone_is_not_the_client() -> None:
    values = _values(
        "A: Мебель Люкс, Екатерина, чем могу помочь?", "C: Здравствуйте, Екатерина. Меня зовут Антон Гусев."
    )
    assert values["person"] == ["Антон Гусев"]


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("Хочу заказать пятьдесят насосов. Ой, нет, извините, пятнадцать, не пятьдесят.", 15),
        ("I'd like to order fifty label printers. No, sorry, fifteen, not fifty.", 15),
    ],
)
def test_a_corrected_count_replaces_the_first(said: str, count: int) -> None:
    assert _values("A: Остров, слушаю.", f"C: {said}")["quantity"] == [count]


def test_goods_are_listed_with_their_counts_after_them() -> None:
    values = _values("A: Остров, слушаю.", "C: Нам требуется цемент, пять тонн, и песок, восемь тонн.")
    assert values["product"] == ["цемент", "песок"]
    assert values["quantity"][0] == 5


@pytest.mark.parametrize(
    ("said", "products", "counts"),
    [
        ("Нужны грузовые шины 48 штук и 16 камер.", ["грузовые шины", "камеры"], [48, 16]),
        ("Мне нужно заказать пять центробежных насосов.", ["Насос центробежный ЦН-50"], [5]),
        ("Сколько будут стоить пятнадцать центробежных насосов?", ["Насос центробежный ЦН-50"], [15]),
        ("Покажите нам вашу систему учёта.", ["система учёта"], []),
        ("Come and look at our heating system, it's making a terrible noise.", ["heating system"], []),
    ],
)
def test_a_thing_and_its_count_are_found_in_either_order(said: str, products: list[str], counts: list[int]) -> None:
    values = _values("A: Остров.", f"C: {said}")
    assert (values["product"], values.get("quantity", [])) == (products, counts)


def test_a_thing_that_is_refused_is_not_wanted() -> None:
    assert "product" not in _values("A: Остров.", "C: Нет, нам не нужны центробежные насосы.")


def test_a_general_word_means_the_only_such_product_of_the_catalogue() -> None:
    assert _values("A: Остров.", "C: Хочу вернуть деньги за насос.")["product"] == ["Насос центробежный ЦН-50"]
    assert _values("A: Hello.", "C: My LP4 is broken, we bought it from you.")["product"] == ["Label Printer LP4"]


def test_about_eighty_thousand_is_said_with_the_scale_first() -> None:
    values = _values("A: Остров, какой у вас бюджет?", "C: Денег у нас тысяч восемьдесят, не больше.")
    assert values["budget"] == [80000]


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ("Водитель привезёт накладные в понедельник.", "2026-11-30"),
        ("Мы рассмотрим заявление в течение десяти дней.", "2026-12-05"),
        ("I'll put a quote together by the end of next week.", "2026-12-04"),
        ("You'll receive the letter within a week.", "2026-12-02"),
    ],
)
def test_a_promise_of_any_verb_on_a_named_day_is_a_next_step(said: str, due: str) -> None:
    values = _values("C: Добрый день, у меня вопрос." if said[0] > "z" else "C: Hi, I have a question.", f"A: {said}")
    assert values["due"] == [due]
    assert len(values["next_step"]) == 1


@pytest.mark.parametrize(
    ("said", "step", "due"),
    [
        (
            (
                "C: Хотелось бы встретиться.",
                "A: Когда вам удобно?",
                "C: Давайте вследующий вторник в 11.",
                "A: Жду вас.",
            ),
            "Встретиться: вследующий вторник в 11",
            "2026-12-01T11:00:00+03:00",
        ),
        (
            ("C: Could we meet next week?", "A: Sure.", "C: How about Tuesday at 11?", "A: That works."),
            "Meet: Tuesday at 11",
            "2026-12-01T11:00:00+03:00",
        ),
        (
            ("C: Покажите систему.", "A: Тогда созваниваемся. Третья его декабря в 14.00."),
            "Созвониться",
            "2026-12-03T14:00:00+03:00",
        ),
        (
            ("C: We need 45 laptops.", "A: Let me check stock and get back to you next Tuesday."),
            "Check stock and get back to you next Tuesday",
            "2026-12-01",
        ),
        (
            ("C: Could you do that?", "A: Perfect, you'll set it up for the 9th of December at 11."),
            "You'll set it up for the 9th of December at 11",
            "2026-12-09T11:00:00+03:00",
        ),
    ],
)
def test_what_is_agreed_for_a_named_day_is_a_next_step(said: tuple[str, ...], step: str, due: str) -> None:
    values = _values("A: Остров." if said[0] > "C: z" else "A: Hello, Ostrov.", *said)
    assert (values["next_step"], values["due"]) == ([step], [due])


def test_a_time_that_nobody_takes_is_no_meeting() -> None:
    values = _values("A: Остров.", "C: Хотелось бы встретиться, может, во вторник?", "A: Нет, во вторник все заняты.")
    assert "next_step" not in values


def test_a_bare_promise_takes_the_object_that_was_asked_for() -> None:
    values = _values("A: Остров.", "C: Пришлите договор на подпись.", "A: Пришлю через неделю.")
    assert values["next_step"] == ["Прислать договор на подпись через неделю"]


def test_a_numbered_institution_is_an_organisation() -> None:
    values = _values("A: Остров.", "C: Добрый день, мы из поликлиники номер три.")
    assert values["organisation"] == ["поликлиника номер три"]


def test_a_name_and_a_company_that_stand_alone_are_the_clients() -> None:
    values = _values("A: Ostrov Systems, how can I help?", "C: I want to cancel. Derek Shaw, Maple Dental.")
    assert (values["person"], values["organisation"]) == (["Derek Shaw"], ["Maple Dental"])


@pytest.mark.parametrize(
    ("said", "person"),
    [
        ("Павел, добрый день, вас беспокоит автобаза №2 Геннадий Фомин.", "Геннадий Фомин"),
        ("Здравствуйте, и етокирилл Самойлов, покажите систему.", "Кирилл Самойлов"),
        ("Приветствую, этой Сергей Волков.", "Сергей Волков"),
        ("Добрый день, это жанна из кафе Вишня, у меня вопрос.", "Жанна"),
    ],
)
def test_a_name_is_found_in_a_broken_introduction(said: str, person: str) -> None:
    assert _values("A: Остров.", f"C: {said}")["person"] == [person]


def test_a_name_that_somebody_else_has_is_not_the_callers() -> None:
    assert "person" not in _values("A: Остров.", "C: Добрый день, это звонок для Геннадия Фомина, он просил.")


@pytest.mark.parametrize(
    ("said", "organisation"),
    [
        ("День добрый, завод прибор, хотим купить кабель.", "Прибор"),
        ("Добрый день, Марина Питрова, компания Рамашка.", "Ромашка"),
        ("Добрый день, это Иван Белов, из Урал про Мстель.", "Уралпромсталь"),
        ("Здравствуйте, это Жанна из кофья Вишня.", "Вишня"),
    ],
)
def test_a_misheard_organisation_is_found(said: str, organisation: str) -> None:
    known = [{"id": "30", "name": "Ромашка"}, {"id": "31", "name": "Уралпромсталь"}]
    assert _values("A: Остров.", f"C: {said}", organisations=known)["organisation"] == [organisation]


def test_an_organisation_that_only_the_recogniser_knows_is_less_sure() -> None:
    request = _request("A: Остров.", "C: Это Иван Белов из компании Вымпел, нужен кабель.")
    heard = request.model_copy(deep=True)
    heard.communication.segments[1].words.append(Word(word="Это", start=5.0, end=5.2, probability=0.5))
    sure = {
        name: next(f.confidence for f in collect(read(card)[0]) if f.field == "organisation")
        for name, card in (("typed", request), ("heard", heard))
    }
    assert sure["typed"] > sure["heard"] == pytest.approx(0.8)


def test_an_offer_that_we_promise_makes_a_need_a_quote_request() -> None:
    call, _, _ = read(_request("A: Остров.", "C: Нужно двадцать столов.", "A: Подготовлю предложение к среде."))
    guess = guess_intent(call)
    assert guess is not None
    assert guess.value == "quote_request"


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("это кирилл самойлов из бетонснаба", "это Кирилл Самойлов из Бетонснаба"),
        ("hi this is ben carver from kestrel we need a demo", "hi this is Ben Carver from Kestrel we need a demo"),
        ("it's jo at tinyfarm dot org", "it's Jo at tinyfarm dot org"),
        ("we keep it at the office since monday", "we keep it at the office since monday"),
        ("Already written, with signs", "Already written, with signs"),
    ],
)
def test_names_get_their_capitals_back_only_where_there_were_none(heard: str, written: str) -> None:
    assert with_capitals(heard, []) == written
