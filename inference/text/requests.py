"""Things that are asked for, or complained of, in words that no catalogue knows: "нужно двадцать офисных стульев"."""

import re
from collections.abc import Iterator, Sequence

from inference.text.date_words import MONTHS
from inference.text.money import currency_of
from inference.text.numbers import number_at
from inference.text.quantities import NOT_COUNTED, UNITS
from inference.text.russian import lemma, part_of_speech
from inference.text.tokens import Token, phrase_at, vocabulary

_PHRASES = (
    "bought, ordered, purchased, supplier for, supplier of, vendor for, billed for, charged for, invoiced for, "
    "i received, we received, i returned, we returned, to book, вернуть деньги за, возврат за, докупить, "
    "заказали, заказала, приобрели, получили, интересуемся, предложение по, ищем, purchased, "
    "требуется, требуются, взять в аренду, арендовать, "
    "reorder, you install, you sell, do you have, we'd like, i'd like, we have ordered, "
    "продаете, есть ли у вас, у вас есть, купили, купил, купила, заказывали, заказывал, заказала, есть в наличии, "
    "показать, покажите, "
    "заказать, купить, приобрести, закупить, закажем, интересует, интересуют, нужен, нужна, нужно, нужны, "
    "надо, необходимо, необходимы, потребуется, поставку, стоимость, цену на, цена на, предложение на, прайс "
    "на, счет на, заявка на, заявку на, order, buy, purchase, need, interested in, looking for, quote for, "
    "quotation for, price for, price of, price on, pricing for, pricing on, offer for, order for, proposal "
    "for, invoice for, we want, i want, would like, to get, we'll take, i'll take "
)
SOLD_AS_UNITS = vocabulary("licence licences license licenses лицензия лицензии лицензий лицензию")
ASKS = tuple(tuple(phrase.split()) for phrase in _PHRASES.split(", "))
# These ask for anything, so only a count beside them shows that a thing is meant.
WEAK = vocabulary("требуется требуются получили ищем have нужно надо need want like get take нужен нужна нужны")
SKIPPED = vocabulary(
    "reorder "
    "еще примерно около порядка где-то вам вас у нас нам мне будет ваши ваш ваших вашу вашей вашего about around "
    "some another roughly maybe your "
    "the a an of more to order buy purchase get us приобрести купить заказать закупить "
    "approximately at least один одна одну"
)
STOP_EN = vocabulary(
    "for by to and please from with at on in before after that which who as if or but is are "
    "was we i you it this until since "
    "because next tomorrow today so would could can will delivered delivery per within about "
    "when where how what then than up instead rather plus over something anything "
    "yes no thats that's perfect fine great sorry "
    "do does have has just only also too asap our my your their not again because they them he she there here now"
)
NOT_THINGS = vocabulary(
    "pricing supplier vendor seats places call back chance help information "
    "quote quotation meeting call question answer appointment refund invoice "
    "price offer discount details time "
    "someone somebody something anything one ones it them talk speak know check see day week "
    "month date copy number address demo "
    "you me him her us that these those support advice manager engineer technician problem "
    "issue complaint person people team "
    "way lot bit money budget thing things order orders moment minute reason schedule discuss "
    "cancel renew change ask find work "
    "вопрос помощь информация предложение счет договор встреча звонок доставка день неделя "
    "месяц время что-то кто-то скидка "
    "цена стоимость консультация менеджер это то что как человек специалист инженер мастер "
    "возврат замена оплата срок условие "
    "такой такое который документ акт номер адрес письмо прайс прайс-лист поставка проблема "
    "ситуация деньги деньга сертификат документация вариант бюджет заказ раз "
    "минута секунда момент сторона город компания фирма сделать узнать подпись решение"
)
TROUBLE_EN = re.compile(
    r"^(?:that |which )?(?:(?:you|we)(?:'ve| have)? (?:just )?(?:delivered|sent|"
    r"sold|installed|bought|ordered|received|shipped|supplied)|"
    r",? ?(?:it's|it is|it|they're|they are) (?:\w+ )?(?:making|leaking|broken|faulty|damaged|beeping|"
    r"overheating|stopped)|"
    r"(?:is|are|was|were) (?:\w+ )?(?:broken|leaking|faulty|damaged|not working|"
    r"defective|dead)|has (?:broken|stopped|failed)|broke|"
    r"stopped|does(?:n't| not)|won't|will not|keeps?|isn't working|failed)\b"
)
TROUBLE_RU = re.compile(
    r"^,?\s*(?:котор\w+ (?:вы|мы)\b|(?:у нас )?(?:снова |опять )?(?:сломал\w+|"
    r"не работа\w+|не включа\w+|перестал\w*|барахл\w+|теч\w+|"
    r"протека\w+|шум\w+|вышл?[аои]? из строя|не печата\w+|зависа\w+))"
)
BROKE_RU = re.compile(
    r"^(?:сломал\w+|привезли|привезти|прислали|прислать|доставили|доставить|барахл\w+|протека\w+|"
    r"(?:работа|включа|печата|запуска|грее?|охлажда)\w*т)$"
)
OWNERS = vocabulary("the our my your наш наша наше наши ваш ваша ваши мой моя у нас")
MAX_WORDS = 4


def requested(tokens: Sequence[Token], *, asked: bool = False) -> Iterator[tuple[int, int]]:
    """Token spans of things clearly asked for, without counts and units; `asked` when a question invites them."""
    index, active = 0, asked
    while index < len(tokens):
        active = asked if tokens[index].text in ".!?" else active
        phrase = next((phrase for phrase in ASKS if phrase_at(tokens, index, phrase)), ())
        counted, first = _skip(tokens, index + len(phrase))
        last = _things(tokens, first) if phrase or (active and counted) else first
        active = active or bool(phrase)
        counted = counted or (last > first and _counted_after(tokens, last))
        after_comma = last + 1 < len(tokens) and tokens[last].text == "," and number_at(tokens, last + 1) is not None
        if last > first and (counted or after_comma or phrase[-1] not in WEAK):
            yield first, last
            index = _next_listed(tokens, last) if after_comma else last
            if index > last:
                yield from [(index, _things(tokens, index))]
                index = _things(tokens, index)
            if not counted and last + 1 < len(tokens) and tokens[last].norm == "и":
                end = _things(tokens, last + 1)
                if end > last + 1:
                    yield last + 1, end
                    index = end
        else:
            index += max(1, len(phrase))


def _counted_after(tokens: Sequence[Token], last: int) -> bool:
    """Whether a count with its unit follows a thing: "грузовые шины 48 штук"."""
    number = number_at(tokens, last) if last < len(tokens) else None
    if number is None or number.ordinal or number.last >= len(tokens):
        return False
    unit = tokens[number.last].norm
    return unit in UNITS or lemma(unit) in UNITS


def _next_listed(tokens: Sequence[Token], last: int) -> int:
    """The thing after "flour, five tonnes, and": its first token, or `last` when nothing more is listed."""
    _, place = _skip(tokens, last + 1)
    while place < len(tokens) and (tokens[place].text == "," or tokens[place].norm in {"и", "а", "также", "плюс"}):
        place += 1
    listed = place + 1 < len(tokens) and tokens[place - 1].norm in {",", "и", "также", "плюс"}
    end = _things(tokens, place) if listed else place
    counted = end + 1 < len(tokens) and tokens[end].text == "," and number_at(tokens, end + 1) is not None
    return place if end > place and counted else last


def troubled(text: str, tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Token spans of things that do not work or came wrong: "the compressor that you delivered", "сломался станок"."""
    for index, token in enumerate(tokens):
        if token.norm in OWNERS or _tells_of_trouble(tokens, index):
            _, first = _skip(tokens, index + 1)
            last = _things(tokens, first)
            rest = text[tokens[last - 1].end :].lstrip().lower() if last > first else ""
            broke = token.norm not in OWNERS
            if last > first and (broke or TROUBLE_EN.match(rest) or TROUBLE_RU.match(rest)):
                yield first, last


def _tells_of_trouble(tokens: Sequence[Token], index: int) -> bool:
    """A verb before the thing that failed or came; the present tense only after "не"."""
    word = tokens[index].norm
    negated = index > 0 and tokens[index - 1].norm == "не"
    return BROKE_RU.match(word) is not None and (negated or not word.endswith("т"))


def _skip(tokens: Sequence[Token], index: int) -> tuple[bool, int]:
    """Past fillers, the count and its unit; tells whether there was a count."""
    counted, unit = False, -1
    while index < len(tokens):
        number = number_at(tokens, index)
        if number is not None and not number.ordinal:
            counted, index = True, number.last
        elif tokens[index].norm in SKIPPED or (
            counted and (tokens[index].norm in UNITS or lemma(tokens[index].norm) in UNITS)
        ):
            unit = index if tokens[index].norm in SOLD_AS_UNITS else unit
            index += 1
        else:
            break
    return counted, unit if unit >= 0 and _things(tokens, index) == index else index


def _things(tokens: Sequence[Token], first: int) -> int:
    """The end of the noun phrase that starts at a token; `first` itself when there is none."""
    if first >= len(tokens) or not tokens[first].is_word:
        return first
    russian = "а" <= tokens[first].norm[0] <= "я"
    last = _russian(tokens, first) if russian else _english(tokens, first)
    heads = {lemma(token.norm) for token in tokens[first:last]}
    counts = tokens[first].norm in NOT_COUNTED or tokens[first].norm in MONTHS or currency_of(tokens[first].norm)
    return first if heads & NOT_THINGS or counts else last


def _russian(tokens: Sequence[Token], first: int) -> int:
    """Adjectives, a noun, and the nouns in the genitive and codes that hang on it."""
    last, noun = first, False
    while last < len(tokens) and last - first < MAX_WORDS and tokens[last].is_word:
        if last > first and tokens[last].start - tokens[last - 1].end > 1:
            break
        part = part_of_speech(tokens[last].norm)
        foreign = part == "" and tokens[last].norm.isascii()
        if part == "NOUN" or (foreign and (noun or tokens[last].text[0].isupper())):
            noun = True
        elif part not in {"ADJF", "PRTF"}:
            break
        last += 1
    return last if noun else first


def _english(tokens: Sequence[Token], first: int) -> int:
    """Words up to one that cannot be part of a thing's name."""
    last = first
    while last < len(tokens) and last - first < MAX_WORDS and tokens[last].is_word:
        over = last > first and tokens[last].start - tokens[last - 1].end > 1
        if tokens[last].norm in STOP_EN or "'" in tokens[last].norm or over or _is_verb(tokens, first, last):
            break
        last += 1
    return last


def _is_verb(tokens: Sequence[Token], first: int, last: int) -> bool:
    """A word that says what is wrong with the thing before it."""
    return last > first and tokens[last].norm in VERBS


VERBS = vocabulary("stopped broke failed keeps keep stop stops arrived came fails broken works work worked")
