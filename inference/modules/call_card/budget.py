"""How much the client can spend, and in which currency."""

import re
from collections.abc import Sequence

from inference.modules.call_card.findings import Call, Finding, found
from inference.modules.call_card.transcript import Turn
from inference.text.dates import find_dates
from inference.text.money import Money, find_currencies, find_money
from inference.text.number_words import CARDINALS
from inference.text.phones import find_phones
from inference.text.quantities import UNITS
from inference.text.russian import is_known
from inference.text.tokens import Token, normal, tokenize

SPENDS = re.compile(
    r"бюджет\w*|уложит\w*|уложить\w*|располага\w+|денег|готовы (?:потратить|заплатить|"
    r"выделить)|можем (?:потратить|выделить|позволить)|"
    r"выделен\w*|выделил\w*|не больше|не более|не дороже|в пределах|максимум|рассчитыва\w+ на|budget\w*|spend\w*|"
    r"no more than|not more than|up to|maximum|max\b|at most|afford|allocat\w+|set aside|limit\b|ceiling|"
    r"we(?:'ve| have) got|capped at|looking to spend|потянем|осилим|approved"
)
SPENDS_AFTER = re.compile(
    r"^\W*(?:бюджет|максимум|maximum|budget|at most|tops|max|(?:и )?не (?:больше|более)|no more|set aside|available)\b"
)
ASKED = re.compile(
    r"бюджет|на какую сумму|сколько (?:вы )?(?:готовы|планируете)|budget|how much (?:are|were|do|can) you|price range"
)
NOT_BUDGET = re.compile(
    r"(?:стоит|стоил\w*|стоят|цен[аеуы]|прайс\w*|предлож\w+|предлага\w+|скидк\w*|"
    r"долг\w*|счет\w*|оплатил\w*|заплатил\w*|"
    r"переплат\w*|cost\w*|price\w*|charged?|paid|invoice\w*|quoted?|offer(?:ed|s)?|competitor\w*|discount|refund|owe)"
    r"\W+(?:\w+\W+){0,4}$"
)
ABOUT_PRICE = re.compile(r"за штуку|за единицу|each|per (?:unit|piece|item|month|user|seat)|apiece")
CORRECTION = re.compile(r"\b(?:нет|ой|точнее|вернее|извините|sorry|no,|wait|i mean|actually|rather)\b")
HOLDS = re.compile(r"(?:до|максимум|to|up to)\W+$")
BEFORE, AFTER = 70, 25
LEAST_BARE = 1000
NAMED = 0.07


def find_budget(call: Call) -> list[Finding]:
    """The client's budget, the last that was said, and the currency in which it was named."""
    chosen: tuple[Turn, Money, float] | None = None
    for turn in call.turns:
        if turn.speaker == "colleague":
            continue
        for money in _sums(call, turn):
            sure = _sureness(call, turn, money)
            if sure and (chosen is None or _replaces(turn, money, sure, chosen)):
                chosen = (turn, money, sure)
    if chosen is None:
        return _currency_alone(call)
    turn, money, sure = chosen
    value = int(money.amount) if money.amount == int(money.amount) else money.amount
    code = money.currency or ""
    shown = f"{value:,} {code}".replace(",", " ").strip()
    budget = found(turn, (money.start, money.end), "budget", value, display=shown, signs=_signs(money, sure))
    return [budget, *_currency(call, turn, money, sure)]


def _sums(call: Call, turn: Turn) -> list[Money]:
    """Numbers of a turn that can be amounts: not counts, dates or telephone numbers."""
    spans = [(moment.start, moment.end) for moment in find_dates(turn.text, call.now)]
    spans += [(phone.start, phone.end) for phone in find_phones(turn.text, call.regions)]
    tokens = tokenize(turn.text)
    kept = []
    for money in find_money(turn.text):
        counted = money.currency is None and money.last < len(tokens) and tokens[money.last].norm in UNITS
        inside = money.currency is None and any(s < money.end and money.start < e for s, e in spans)
        if not (counted or inside or _is_torn(tokens, money)) and money.amount > 0:
            kept.append(money)
    return kept


def _is_torn(tokens: Sequence[Token], money: Money) -> bool:
    """Whether a sum breaks off in a word that is none: "один миллион высеемесрот тысяч" may be anything."""
    breaks = [(money.last, money.last + 1)] + ([(money.first - 1, money.first)] if money.first else [])
    return any(
        scale < len(tokens)
        and CARDINALS.get(tokens[scale].norm, ("", 0))[0] == "scale"
        and "а" <= tokens[broken].norm[0] <= "я"
        and not is_known(tokens[broken].norm)
        for broken, scale in breaks
    )


def _sureness(call: Call, turn: Turn, money: Money) -> float:
    """How sure a sum is to be the budget; 0 when nothing says so."""
    before = normal(turn.text[max(0, money.start - BEFORE) : money.start])
    before = re.split(r"[.!?]\s", before)[-1]
    after = normal(turn.text[money.end : money.end + AFTER])
    if NOT_BUDGET.search(before) or ABOUT_PRICE.search(after):
        return 0.0
    bare = money.currency is None and money.amount < LEAST_BARE
    asked = call.before(turn)
    answers = asked is not None and asked.speaker != "client" and ASKED.search(normal(asked.text)[-120:]) is not None
    if bare and not answers and "бюджет" not in before and "budget" not in before:
        return 0.0
    named = NAMED if money.currency else 0.0
    if SPENDS.search(before) or SPENDS_AFTER.search(after):
        return 0.85 + named
    if answers:
        return 0.82 + named
    return 0.0


def _signs(money: Money, sure: float) -> dict[str, float]:
    """What speaks for a sum: the words around it, and that its currency was named with it."""
    named = NAMED if money.currency else 0.0
    return {"words": sure - named, "currency_named": named}


def _replaces(turn: Turn, money: Money, sure: float, chosen: tuple[Turn, Money, float]) -> bool:
    """A later sum takes the place of an earlier one when it corrects it or ends a range."""
    before_turn, before, before_sure = chosen
    if before_turn is turn:
        between = normal(turn.text[before.end : money.start])
        ranged = between.strip() in {"-", "–", "or", "или", "and", "и", "to"}
        return ranged or CORRECTION.search(between) is not None or HOLDS.search(between + " ") is not None
    return sure > before_sure


def _currency(call: Call, turn: Turn, money: Money, sure: float) -> list[Finding]:
    """The currency in the words of the budget, else in another sentence about money."""
    if money.currency is not None:
        return [found(turn, (money.start, money.end), "currency", money.currency, signs=_signs(money, sure))]
    for other in call.of("colleague"):
        for echo in find_money(other.text):
            if echo.amount == money.amount and echo.currency is not None:
                return [found(other, (echo.start, echo.end), "currency", echo.currency, signs={"said_back": 0.75})]
    return _currency_alone(call)


def _currency_alone(call: Call) -> list[Finding]:
    """A currency that the client names, or our colleague says back of the client's budget."""
    for turn in call.turns:
        about = SPENDS.search(normal(turn.text)) is not None
        if turn.speaker == "colleague" and not about:
            continue
        for currency in find_currencies(turn.text):
            before = normal(turn.text[max(0, currency.start - BEFORE) : currency.start])
            if turn.speaker == "colleague" or not NOT_BUDGET.search(before):
                signs = {"currency_named": 0.75} | (
                    {"not_said_by_client": -0.15} if turn.speaker == "colleague" else {}
                )
                return [found(turn, (currency.start, currency.end), "currency", currency.code, signs=signs)]
    return []
