"""Words by what they mean for finding: dictionary forms, English stems, and a few families of words."""

from functools import lru_cache

from inference.text.russian import lemma, part_of_speech
from inference.text.tokens import words_of

_FAMILIES = (
    "budget spend afford бюджет потратить уложиться выделить",
    "phone telephone mobile number телефон номер тел мобильный",
    "email e-mail mail почта адрес мейл address",
    "price cost charge rate fee цена стоимость стоить прайс тариф",
    "deliver delivery arrive ship shipment доставка доставить привезти отгрузка отгрузить поставка поставить",
    "promise agree will commit обещать договориться пообещать обещание",
    "meet meeting demo appointment visit встреча встретиться демонстрация визит",
    "complain complaint unhappy problem жалоба жаловаться претензия недовольный проблема",
    "buy order purchase заказ заказать купить покупка приобрести закупить",
    "quote quotation offer proposal предложение кп",
    "contract agreement договор контракт соглашение",
    "invoice bill счет",
    "pay payment оплата оплатить платеж платить",
    "quantity many amount количество сколько штука",
    "renew renewal extend продлить продление пролонгация",
    "cancel cancellation terminate отменить отмена расторгнуть",
    "send email отправить прислать выслать направить",
    "deadline due срок дедлайн",
    "discount скидка",
    "warranty guarantee гарантия гарантийный",
    "refund return возврат вернуть",
    "holiday vacation leave отпуск",
    "company organisation organization компания организация фирма",
)
_SUFFIXES = ("ations", "ation", "ments", "ment", "ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "s", "ly")
LEAST_STEM = 3


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """One form for all inflections of a word."""
    if not word.isascii():
        return lemma(word)
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= LEAST_STEM:
            base = word[: -len(suffix)]
            return base + "y" if suffix in {"ies", "ied"} else base.removesuffix("e")
    return word.removesuffix("e") if len(word) > LEAST_STEM else word


FAMILY = {stem(word): number for number, words in enumerate(_FAMILIES) for word in words.split()}


@lru_cache(maxsize=8192)
def concept(word: str) -> str:
    """The family of a word, else its stem: equal for words that ask for the same thing in both languages."""
    form = stem(word)
    return f"#{FAMILY[form]}" if form in FAMILY else form


def concepts(text: str) -> set[str]:
    """What the words of a text are about; prepositions and the like are left out."""
    return {concept(word) for word in words_of(text) if part_of_speech(word) not in {"PREP", "CONJ", "PRCL", "NPRO"}}
