"""Placeholders of one run: consistent, reversible, and silent about what stands behind them."""

import copy
import pickle

import pytest

from inference.anonymise import KnownValue, Masker, SafeText, anonymise
from tests.inference.anonymise.scoring import LANGUAGES, sentences


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (
            "Говорил с Мариной Петровой. Марина Петрова просила счёт, Петрова М. ждёт. Передайте Марине.",
            "Говорил с [PERSON_1]. [PERSON_1] просила счёт, [PERSON_1] ждёт. Передайте [PERSON_1].",
        ),
        (
            "Robert Miller called. Mr. Miller wants a quote, Robert agrees.",
            "[PERSON_1] called. Mr. [PERSON_1] wants a quote, [PERSON_1] agrees.",
        ),
        ("Звоните +7 (916) 123-45-67 или 8 916 123 45 67", "Звоните [PHONE_1] или [PHONE_1]"),
        ("Пётр Кузнецов и Иван Кузнецов: Кузнецову Ивану", "[PERSON_1] и [PERSON_2]: [PERSON_2]"),
    ],
)
def test_mentions_of_one_value_are_one_placeholder(text, masked):
    assert Masker().mask(text).text == masked


def test_a_second_text_of_the_run_goes_on_with_the_same_placeholders():
    masker = Masker("ru")
    masker.mask("Звонила Ольга Смирнова.")
    assert masker.mask("Ольгу Смирнову не застал, почта a@b.ru").text == "[PERSON_1] не застал, почта [EMAIL_1]"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_masked_comes_back_letter_for_letter(language):
    masker = Masker(language)
    for sentence in sentences(language):
        assert masker.restore(masker.mask(sentence.text).text) == sentence.text


def test_an_answer_gets_the_nominative_and_a_quote_its_own_form():
    masker = Masker("ru")
    masker.mask("Встречу перенесли по просьбе Марины Петровой на среду.")
    assert masker.restore("[PERSON_1] ждёт звонка") == "Марина Петрова ждёт звонка"
    assert masker.restore("«по просьбе [PERSON_1] на среду»") == "«по просьбе Марины Петровой на среду»"


@pytest.mark.parametrize(
    "written", ["[person_1]", "[Person 1]", "[PERSON\\_1]", "PERSON_1", "[ PERSON_1 ]", "[PERSON-1]"]
)
def test_a_placeholder_is_known_however_a_model_writes_it(written):
    masker = Masker("en")
    masker.mask("Robert Miller called.")
    assert masker.restore(f"Thank {written} for calling") == "Thank Robert Miller for calling"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_a_streamed_answer_is_restored_whatever_its_pieces(size):
    masker = Masker("en")
    masker.mask("Robert Miller, robert@example.com, and Jane Smith")
    answer = "Dear [PERSON_1], [person_2] wrote [EMAIL_1] [sic] in [2026]. P.S. PERSON_2!"
    restorer = masker.restorer()
    pieces = [restorer.feed(answer[place : place + size]) for place in range(0, len(answer), size)]
    whole = "".join(pieces) + restorer.finish()
    assert whole == "Dear Robert Miller, Jane Smith wrote robert@example.com [sic] in [2026]. P.S. Jane Smith!"


def test_text_that_looks_like_a_placeholder_is_kept_apart_from_real_ones():
    masker = Masker("en")
    masked = masker.mask("Write [PERSON_1] or EMAIL_1, says Robert Miller")
    assert masked.text == "Write [TEXT_1] or [TEXT_2], says [PERSON_1]"
    assert masker.restore("[PERSON_1] said [TEXT_1]") == "Robert Miller said [PERSON_1]"
    assert [span.kind for span in masked.spans] == ["person"]


def test_what_the_crm_knows_is_masked_in_every_form():
    known = [
        KnownValue("person", "Вера Белая"),
        KnownValue("phone", "+7 916 123-45-67"),
        KnownValue("organisation", "ООО «Тёплый Ряд»"),
        KnownValue("email", "X@y.ru"),
    ]
    text = "Верой Белой довольны, Белую ждут в тёплом ряду, звонить 123-45-67, писать x@Y.ru"
    masked = Masker("ru", known).mask(text)
    assert masked.text == "[PERSON_1] довольны, [PERSON_1] ждут в [ORGANISATION_1], звонить [PHONE_1], писать [EMAIL_1]"


def test_only_the_asked_classes_are_masked():
    masked = Masker("ru", classes=frozenset({"phone"})).mask("Иван Петров, +7 916 123-45-67")
    assert masked.text == "Иван Петров, [PHONE_1]"


@pytest.mark.parametrize(("argument", "value"), [("language", "de"), ("classes", frozenset({"planet"}))])
def test_a_wrong_argument_is_named_with_what_is_allowed(argument, value):
    with pytest.raises(ValueError, match=argument):
        Masker(**{argument: value})


def test_the_map_shows_in_no_representation_and_leaves_no_process():
    masker = Masker("ru", [KnownValue("person", "Иван Петров")])
    masked = masker.mask("Иван Петров, ivan@petrov.ru")
    safe = anonymise("Иван Петров пришёл", masker)
    assert isinstance(safe, SafeText)
    shown = repr((masker, masked, masker.restorer(), safe, KnownValue("person", "Иван Петров")))
    assert "Петров" not in shown
    assert "petrov" not in shown
    for leave in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="never leave"):
            leave(masker)
