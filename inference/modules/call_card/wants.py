"""What the client asks for: products and how many of each."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.contract.modules import KnownProduct
from inference.modules.call_card.findings import Call, Finding, found
from inference.modules.call_card.transcript import Turn
from inference.text.dates import find_dates
from inference.text.matching import fold, mentions
from inference.text.money import money_of
from inference.text.numbers import number_at
from inference.text.phones import find_phones
from inference.text.quantities import Quantity, quantities_in
from inference.text.requests import requested, troubled
from inference.text.russian import part_of_speech, thing
from inference.text.stems import stem
from inference.text.tokens import Token, normal, tokenize, words_of

REFUSED_BEFORE = re.compile(
    r"\b(?:не (?:нужн\w+|надо|интересу\w+|хо[тч]\w+|бер[уе]м|заказыва\w+|требу\w+)|"
    r"кроме|вместо|без|отказ\w+ от|don't need|"
    r"do not need|not interested in|no need for|don't want|instead of|rather than|"
    r"except|without|not the)\W+(?:\w+\W+){0,3}$"
)
REFUSED_AFTER = re.compile(
    r"^\W+(?:\w+\W+){0,2}?(?:не (?:нужн\w+|надо|интересу\w+)|(?:is|are) not needed|we don't need)"
)
HOW_MANY = re.compile(r"сколько|какое количество|какой объем|how many|what quantity|how much do you need|number of")
WHAT = re.compile(
    r"что (?:именно )?(?:вас |вам )?(?:интересует|нужно|требуется|хотите)|какой товар|"
    r"сколько|what (?:do|would|are) you (?:need|like|looking|want)|"
    r"what can i|how many|which (?:product|model)s?"
)
AGREES = re.compile(r"^\W*(?:да|верно|правильно|конечно|yes|yeah|correct|exactly|that's right|right|sure)\b")
OFFERS = re.compile(
    r"\bвы (?:нам )?(?:оставляли|интересовались|заказывали|спрашивали|запрашивали|хотели)|"
    r"\byou (?:asked|enquired|inquired|requested|ordered|were interested|wanted)|"
    r"would you like to (?:renew|extend|order|continue|buy)|хотите продлить|будете продлевать"
)
CORRECTS = re.compile(r"\b(?:нет|ой|точнее|вернее|извините|простите|sorry|no|wait|i mean|actually|rather|correction)\b")
NEAR_BEFORE, NEAR_AFTER = 4, 3
LEAST_STEM = 4
FUZZY = 93.0


@dataclass(frozen=True)
class Wanted:
    """A product in a turn: tokens `first:last`, its name, what speaks for it, and the CRM's record."""

    turn: Turn
    first: int
    last: int
    name: str
    signs: tuple[tuple[str, float], ...]
    known_id: str | None

    @property
    def sure(self) -> float:
        """How sure it is that the client wants this product."""
        return sum(weight for _, weight in self.signs)


def find_products(call: Call) -> list[Finding]:
    """Products that the client names, each once, with the quantity that was said beside it."""
    wanted: dict[str, Wanted] = {}
    counts: dict[str, tuple[Turn, Quantity]] = {}
    last: Wanted | None = None
    for turn in call.turns:
        tokens = tokenize(turn.text)
        here = list(_wanted(call, turn, tokens)) if _speaks_for_client(call, turn) else []
        quantities = _quantities(call, turn, tokens)
        for item in here:
            known = wanted.get(fold(item.name))
            if known is None or item.sure > known.sure:
                wanted[fold(item.name)] = item
        paired = _pairs(here, quantities)
        if here:
            last = here[-1]
        if turn.speaker != "colleague":
            lone = [quantity for quantity in quantities if quantity not in paired.values()]
            counts |= {fold(item.name): (turn, quantity) for item, quantity in paired.items()}
            fixed = _corrected(turn, lone, paired, counts.get(fold(last.name)) if last is not None else None)
            if last is not None and fixed is not None:
                counts[fold(last.name)] = (turn, fixed)
            elif last is not None and lone and _answers_how_many(call, turn, lone, here):
                counts[fold(last.name)] = (turn, lone[0])
    return list(_findings(wanted, counts))


def _findings(wanted: dict[str, Wanted], counts: dict[str, tuple[Turn, Quantity]]) -> Iterator[Finding]:
    for group, (key, item) in enumerate(wanted.items(), 1):
        tokens = tokenize(item.turn.text)
        span = tokens[item.first].start, tokens[item.last - 1].end
        yield found(item.turn, span, "product", item.name, signs=dict(item.signs), group=group, known_id=item.known_id)
        if key in counts:
            turn, quantity = counts[key]
            value = int(quantity.value) if quantity.value == int(quantity.value) else quantity.value
            shown = f"{value} {quantity.unit}".strip()
            span = quantity.start, quantity.end
            signs = {"count": 0.75, "beside_product" if turn is item.turn else "unit": 0.15}
            if not quantity.unit and turn is not item.turn:
                signs = {"count": 0.75}
            yield found(turn, span, "quantity", value, display=shown, signs=signs, group=group)


def _speaks_for_client(call: Call, turn: Turn) -> bool:
    """The client's own words, or a colleague's summing-up that the client agrees to."""
    if turn.speaker != "colleague":
        return True
    after = call.after(turn)
    if after is not None and OFFERS.search(normal(turn.text)) and AGREES.search(normal(after.text)):
        return True
    repeats = re.search(r"\b(?:то есть|итак|значит|правильно|верно|so|just to confirm|to confirm)\b", normal(turn.text))
    return bool(repeats) and after is not None and AGREES.search(normal(after.text)) is not None


def _wanted(call: Call, turn: Turn, tokens: Sequence[Token]) -> Iterator[Wanted]:
    """Known products in a turn, then things that are asked for in words the CRM does not know."""
    taken: list[tuple[int, int]] = []
    products = call.request.products
    names = [
        (product, name) for product in products for name in (product.name, *product.aliases, *_codes(product.name))
    ]
    for mention in mentions(tokens, [name for _, name in names]):
        product, _ = names[mention.index]
        taken.append((mention.first, mention.last))
        if not _is_refused(turn, tokens[mention.first].start, tokens[mention.last - 1].end):
            signs = (("catalogue", 0.93), *(() if mention.score >= FUZZY else (("misheard", -0.18),)))
            yield Wanted(turn, mention.first, mention.last, product.name, signs, product.id)
    if turn.speaker == "colleague":
        return
    asker = call.before(turn)
    asked = asker is not None and WHAT.search(normal(asker.text)) is not None
    unknown = [(span, ("asked_for", 0.6)) for span in requested(tokens, asked=asked)]
    unknown += [(span, ("does_not_work", 0.5)) for span in troubled(turn.text, tokens)]
    for (first, last), sign in unknown:
        if any(first < end and begin < last for begin, end in taken):
            continue
        taken.append((first, last))
        span = tokens[first].start, tokens[last - 1].end
        if _is_refused(turn, *span):
            continue
        only = _only_such(call, tokens[first:last])
        if only is not None:
            yield Wanted(turn, first, last, only.name, (sign, ("only_such_product", 0.7 - sign[1])), only.id)
        else:
            yield Wanted(turn, first, last, thing(turn.text[span[0] : span[1]]), (sign,), None)


def _codes(name: str) -> list[str]:
    """The model codes in a product's name: "LP4", "ЦН-50"."""
    return re.findall(r"\b[^\W\d_]{1,4}-?\d{1,5}\b", name)


def _only_such(call: Call, words: Sequence[Token]) -> KnownProduct | None:
    """The one product of the catalogue that a lone general word ("насосы", "printers") can mean."""
    if len(words) != 1:
        return None
    word = stem(words[0].norm)
    such = [p for p in call.request.products if word in {stem(other) for other in words_of(p.name)}]
    return such[0] if len(such) == 1 and len(word) >= LEAST_STEM else None


def _is_refused(turn: Turn, start: int, end: int) -> bool:
    before, after = normal(turn.text[max(0, start - 50) : start]), normal(turn.text[end : end + 30])
    return REFUSED_BEFORE.search(before) is not None or REFUSED_AFTER.search(after) is not None


def _quantities(call: Call, turn: Turn, tokens: Sequence[Token]) -> list[Quantity]:
    """Counts of things: no part of a date, a telephone number or a bare sum."""
    spans = [(moment.start, moment.end) for moment in find_dates(turn.text, call.now)]
    spans += [(phone.start, phone.end) for phone in find_phones(turn.text, call.regions)]
    kept = []
    for quantity in quantities_in(tokens):
        inside = any(start < quantity.end and quantity.start < end for start, end in spans)
        if not inside and not _is_sum(turn, tokens, quantity):
            kept.append(quantity)
    return kept


def _is_sum(turn: Turn, tokens: Sequence[Token], quantity: Quantity) -> bool:
    """A number that the words around it make an amount of money."""
    number = number_at(tokens, quantity.first)
    if number is not None and money_of(tokens, number).currency is not None:
        return True
    if _counts_thing(tokens, quantity):
        return False
    before = re.split(r"[.!?]", normal(turn.text[max(0, quantity.start - 30) : quantity.start]))[-1]
    return (
        not quantity.unit and re.search(r"бюджет|стоит|цен[аеуы]|budget|cost|price|spend|по цене", before) is not None
    )


def _counts_thing(tokens: Sequence[Token], quantity: Quantity) -> bool:
    """Whether a Russian noun in the plural, its adjectives before it, follows a number: it is no price then."""
    for token in tokens[quantity.last : quantity.last + NEAR_AFTER]:
        part = part_of_speech(token.norm) if token.is_word else ""
        if part == "NOUN":
            return True
        if part not in {"ADJF", "PRTF"}:
            return False
    return False


def _pairs(here: Sequence[Wanted], quantities: Sequence[Quantity]) -> dict[Wanted, Quantity]:
    """Each product with the count right before it, else right after it, in the same sentence."""
    paired: dict[Wanted, Quantity] = {}
    for item in here:
        free = [quantity for quantity in quantities if quantity not in paired.values()]
        near = [q for q in free if 0 <= item.first - q.last <= NEAR_BEFORE or q.first <= item.first < q.last]
        if near and _together(item, near[-1]):
            paired[item] = near[-1]
    for item in here:
        free = [quantity for quantity in quantities if quantity not in paired.values()]
        near = [q for q in free if 0 <= q.first - item.last <= NEAR_AFTER]
        if item not in paired and near and _together(item, near[0]):
            paired[item] = near[0]
    return paired


def _corrected(
    turn: Turn, lone: Sequence[Quantity], paired: dict[Wanted, Quantity], before: tuple[Turn, Quantity] | None
) -> Quantity | None:
    """A bare count after "no, sorry" takes the place of the count that was said before it."""
    places = [quantity.end for quantity in paired.values()]
    start = max(places, default=0)
    if not places and before is None:
        return None
    for quantity in lone:
        if quantity.start > start and CORRECTS.search(normal(turn.text[start : quantity.start])):
            return quantity
    return None


def _together(item: Wanted, quantity: Quantity) -> bool:
    """Whether no sentence ends between a product and a count."""
    tokens = tokenize(item.turn.text)
    left, right = min(item.last, quantity.last), max(item.first, quantity.first)
    return all(token.text not in {".", "!", "?"} for token in tokens[left:right])


def _answers_how_many(call: Call, turn: Turn, lone: Sequence[Quantity], here: Sequence[Wanted]) -> bool:
    """A count without a product beside it answers "how many?", or has a unit of its own."""
    asked = call.before(turn)
    if asked is not None and HOW_MANY.search(normal(asked.text)):
        return True
    return bool(lone[0].unit) and len(here) <= 1
