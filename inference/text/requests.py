"""Things that are asked for in words that no catalogue knows: "нужно двадцать офисных стульев"."""

from collections.abc import Iterator, Sequence

from inference.text.numbers import number_at
from inference.text.quantities import UNITS
from inference.text.russian import lemma, part_of_speech
from inference.text.tokens import Token, phrase_at

ASKS = tuple(
    tuple(phrase.split())
    for phrase in (
        "заказать", "купить", "приобрести", "закупить", "закажем", "интересует", "интересуют", "нужен", "нужна",
        "нужно", "нужны", "надо", "необходимо", "необходимы", "потребуется", "поставку", "стоимость", "цену на",
        "цена на", "предложение на", "прайс на", "order", "buy", "purchase", "need", "interested in", "looking for",
        "quote for", "quotation for", "price for", "price of", "price on", "pricing for", "pricing on", "offer for",
        "order for", "we want", "i want", "would like", "to get",
    )
)  # fmt: skip
SKIPPED = frozenset(
    "еще примерно около порядка где-то вам вас у нас нам мне будет ваши ваш ваших about around some another roughly "
    "maybe your the a an of more to order buy purchase get us приобрести купить заказать "
    "approximately at least".split()
)
STOP_EN = frozenset(
    "for by to and please from with at on in before after that which who as if or but is are was we i you it this "
    "until since because next tomorrow today so would could can will delivered delivery per within about when where "
    "how what then than up do does have has just only also too asap our my your their not".split()
)
NOT_THINGS = frozenset(
    "help information quote quotation meeting call question answer appointment refund invoice price offer discount "
    "details time someone somebody something anything one ones it them talk speak know check see day week month date "
    "copy number address demo you me him her us that this these those support advice manager engineer technician "
    "вопрос помощь информация предложение счет договор встреча звонок доставка день неделя месяц время что-то "
    "кто-то скидка цена стоимость консультация менеджер это то что как человек специалист инженер мастер возврат "
    "замена оплата срок условие такой такое который документ акт номер адрес письмо прайс прайс-лист поставка".split()
)
MAX_WORDS = 4


def requested(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Token spans of things that are clearly asked for, without their counts and units."""
    index = 0
    while index < len(tokens):
        phrase = next((phrase for phrase in ASKS if phrase_at(tokens, index, phrase)), None)
        if phrase is None:
            index += 1
            continue
        counted, first = _skip(tokens, index + len(phrase))
        last = _things(tokens, first)
        strong = phrase[-1] not in {"нужно", "надо", "need", "want", "like", "get", "for", "нужен", "нужна"}
        if last > first and (counted or strong):
            yield first, last
        index = max(last, index + len(phrase))


def _skip(tokens: Sequence[Token], index: int) -> tuple[bool, int]:
    """Past fillers, the count and its unit; tells whether there was a count."""
    counted = False
    while index < len(tokens):
        number = number_at(tokens, index)
        if number is not None and not number.ordinal:
            counted, index = True, number.last
        elif tokens[index].norm in SKIPPED or (counted and tokens[index].norm in UNITS):
            index += 1
        else:
            break
    return counted, index


def _things(tokens: Sequence[Token], first: int) -> int:
    """The end of the noun phrase that starts at a token; `first` itself when there is none."""
    if first >= len(tokens) or not tokens[first].is_word:
        return first
    russian = "а" <= tokens[first].norm[0] <= "я"
    last = _russian(tokens, first) if russian else _english(tokens, first)
    heads = {lemma(token.norm) for token in tokens[first:last]}
    return first if heads & NOT_THINGS else last


def _russian(tokens: Sequence[Token], first: int) -> int:
    """Adjectives, a noun, and the nouns and codes that hang on it."""
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
    last = first
    while last < len(tokens) and last - first < MAX_WORDS and tokens[last].is_word:
        if tokens[last].norm in STOP_EN or (last > first and tokens[last].start - tokens[last - 1].end > 1):
            break
        last += 1
    return last
