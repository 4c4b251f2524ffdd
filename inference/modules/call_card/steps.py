"""What was promised to happen next, and when."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from inference.modules.call_card.findings import Call, Finding, found
from inference.modules.call_card.step_text import step_text, with_object
from inference.modules.call_card.transcript import Sentence, Turn
from inference.text.dates import Moment, find_dates
from inference.text.russian import future
from inference.text.tokens import normal, vocabulary, words_of

_RU_VERBS = (
    r"отправ(?:лю|им)|выш(?:лю|лем)|приш(?:лю|лем)|направ(?:лю|им)|подготов(?:лю|им)|перезвон(?:ю|им)|позвон(?:ю|им)|"
    r"наберу|наберем|свяжусь|свяжемся|оформ(?:лю|им)|выстав(?:лю|им)|назнач(?:у|им)|встретимся|созвонимся|передам|"
    r"передадим|организу(?:ю|ем)|привез(?:у|ем)|достав(?:лю|им)|приеду|приедем|подъед(?:у|ем)|рассчита(?:ю|ем)|"
    r"посчита(?:ю|ем)|оплат(?:им|лю)|подпиш(?:у|ем)|скин(?:у|ем)|сброш(?:у|им)|"
    r"отгруз(?:им|лю)|замен(?:им|ю)|верн(?:ем|у)|"
    r"согласу(?:ю|ем)|забронир(?:ую|уем)|заброниру(?:ю|ем)|записал[аи]? вас|обсу(?:жу|"
    r"дим)|сдела(?:ю|ем)|проконсультиру\w+|"
    r"состав(?:лю|им)|продл(?:ю|им)|отмен(?:ю|им)|провед(?:у|ем)|покаж(?:у|ем)|"
    r"увидимся|созваниваемся|встречаемся|подойду|подойдем|зайду|зайдем|заеду|"
    r"уточн(?:ю|им)|провер(?:ю|им)|напиш(?:у|ем)|подъедем|сообщ(?:у|им)"
)
_RU_THIRD = (
    r"(?:менеджер|инженер|специалист|мастер|курьер|техник|коллег\w+|бухгалтер\w*|машина|он|она|вам)\W+(?:\w+\W+){0,3}"
    r"(?:перезвонит|позвонит|свяжется|приедет|подъедет|пришлет|отправит|вышлет|"
    r"привезет|подготовит|перезвонят|позвонят|привезут)"
)
_EN_VERBS = (
    r"put (?:\w+ ){1,3}together|re-?schedule|close|repair|fix|install|credit|escalate|look into|"
    r"set it up|send|email|e-mail|call|ring|phone|prepare|get back|arrange|schedule|book|"
    r"ship|deliver|dispatch|visit|come|forward|"
    r"follow up|set up|issue|process|transfer|pay|sign|meet|speak|talk|replace|"
    r"refund|contact|draft|put together|confirm|"
    r"let you know|drop|text|share|reserve|renew|cancel|discuss|submit|invite|"
    r"have (?:\w+ ){1,4}(?:call|contact|visit|email|ready)|"
    r"get (?:\w+ ){1,4}(?:to|over|out)|check|write|bring|organi[sz]e|provide|go ahead|see you|be in touch|make sure"
)
_I_WILL = r"(?:ill|(?:i|we)(?:'ll| will| shall| am going to|'m going to| are going to|'re going to))"
_SOMEBODY = r"(?:manager|engineer|technician|colleague|specialist|driver|courier|team|someone|he|she|they|\w+)"
_LETS = r"(?:let's|shall we|can we|давайте|давай)"
_JOINT = (
    r"meet|speak|talk|schedule|have a|set|book|catch up|do|встретимся|созвонимся|назначим|обсудим|запланируем|"
    r"договоримся|увидимся"
)
_SHALL_I = r"(?:(?:shall|should|can|could|may) (?:i|we)|would you like me to|(?:do you )?want me to)"
OFFER = re.compile(
    rf"\b{_SHALL_I}\W+(?P<verb>{_EN_VERBS})\b|"
    r"\b(?:могу предложить|предлагаю|давайте я)\b"
)
AGREES = re.compile(
    r"^\W*(?:yes|yeah|sure|please|okay|ok|great|that works|sounds good|perfect|"
    r"fine|да|давайте|хорошо|конечно|отлично|"
    r"подходит|удобно|договорились|можно)\b"
)
PROMISES = (
    (1.0, re.compile(rf"\b(?:{_RU_VERBS})\b")),
    (0.95, re.compile(rf"\b{_RU_THIRD}\b")),
    (1.0, re.compile(rf"\b{_I_WILL}\W+(?:also |then |personally |just |definitely |both )?(?P<verb>{_EN_VERBS})\b")),
    (0.95, re.compile(rf"\b{_SOMEBODY}(?:'ll| will)\W+(?P<third>{_EN_VERBS})\b")),
    (
        0.9,
        re.compile(
            r"\b(?:will|'ll) (?:arrive|be (?:back (?:on|in|to)|with you|at your|on your|in your|credited|refunded|"
            r"delivered|shipped|sent|there|ready|dispatched|installed))\b"
        ),
    ),
    (
        0.9,
        re.compile(
            r"\b(?:привезут|доставят|приедут|придет|отгрузят|вернутся|"
            r"будет (?:у вас|на месте|готов|доставлен|отгружен)\w*)\b"
        ),
    ),
    (0.95, re.compile(rf"\b{_LETS}\W+(?:\w+\W+){{0,3}}?(?P<joint>{_JOINT})\b")),
)
REQUEST = re.compile(
    r"\b(?:перезвоните|позвоните|пришлите|отправьте|вышлите|подготовьте|свяжитесь|"
    r"наберите|приезжайте|привезите|выставьте|"
    r"(?:можете|могли бы|прошу|нужно) (?:вы )?(?:мне |нам )?(?:прислать|отправить|"
    r"выслать|перезвонить|позвонить|подготовить|приехать))\b|"
    r"\b(?:please|could you|can you|would you)\W+(?:please )?(?P<verb>send|email|"
    r"call|ring|prepare|come|visit|arrange|schedule|ship)\b"
)
WISH = re.compile(r"\b(?:we|i)(?:'d| would) like to (?:schedule|arrange|book|have|set up|organi[sz]e)\b")
RIGHT_NOW = re.compile(
    r"\b(?:сейчас|секунд\w*|минутк?у|один момент|let me (?:check|see|look)|one moment|"
    r"just a (?:moment|second)|hold on)\b"
)
NOT_PROMISED = re.compile(
    r"\b(?:не (?:буд\w+|смож\w+|отправ\w+|перезвон\w+)|если бы|won't|can't|cannot|"
    r"will not|not going to|if you (?:want|like)|"
    r"обещал[аи]?|promised|said you|были должны|should have)\b"
)
ASKS_WHEN = re.compile(r"\b(?:когда|во сколько) (?:вам )?(?:\w+ )?удобн\w+|\bwhen (?:works|suits|would)\b")
QUESTION_FROM_US = re.compile(r"\?\s*$")
ANY_WILL = re.compile(rf"\b{_I_WILL}\W+(?:also |then |just |definitely |personally )?(?P<verb>[a-z]{{3,}})\b")
ARRANGED = re.compile(
    r"\b(?:запланирован\w*|назначен\w*|намечен\w*)\b|\byou(?:'ll| will) (?:receive|get|have)\b|"
    rf"\blet me\W+(?P<verb>{_EN_VERBS})\b|\byou'll (?P<set>set)\b|"
    r"\b(?:is|are) (?:coming|arriving|leaving|going out|due|scheduled|planned|booked)\b|"
    r"\b(?:will|'ll) be \w+ed\b|\b(?:will|'ll) (?P<any>[a-z]{4,})\b"
)
NOT_STEPS_EN = vocabulary(
    "need have take think see wait like want try know look hang let tell say give probably not never all both love "
    "hope use definitely manage stick pass hold keep leave lose ask and the still stay work buy order can start end"
)
NOT_STEPS_RU = vocabulary(
    "посмотреть сказать подсказать поискать уложиться помочь найти смочь мочь быть дать подумать попробовать понять "
    "хотеть знать ждать подождать решить взять понадобиться заказать купить поставить стать остаться потерять "
    "закрыть попросить спросить повторить уйти начать получить захотеть суметь продиктовать записать успеть "
    "подойти устроить получиться занять составить обойтись прийтись удаться хватить закончиться истечь вырасти "
    "отказаться расторгнуть представить рассказать ответить объяснить переключить соединить принять "
    "приветствовать поздороваться"
)
MEETINGS = (
    ("Встретиться", re.compile(r"\b(?:встрет\w+|встреч[аеуи]\w*|увид(?:еться|имся))\b")),
    ("Созвониться", re.compile(r"\b(?:созвон\w*|созвани\w+)\b")),
    ("Провести демонстрацию", re.compile(r"\bдемонстраци\w+")),
    ("Провести презентацию", re.compile(r"\bпрезентаци\w+")),
    ("Meet", re.compile(r"\b(?:meet(?:ing)?|appointment)\b")),
    ("Have a demo", re.compile(r"\bdemo\w*\b")),
    ("Have a call", re.compile(r"\b(?:a|the) (?:video |quick |short )?call\b")),
    ("Visit", re.compile(r"\b(?:a|the|to) visit\b")),
)
SETTLES = re.compile(
    r"\b(?:договорились|жд[уе]м? вас|до встречи|записал[аи]?|see you|it's a date|that's fine|"
    r"works for (?:me|us)|that works)\b"
)
SUGGESTS = re.compile(
    r"^\W*(?:(?:давайте|может|может быть|предлагаю|how about|what about|let's say|say)\b\W*)+", re.IGNORECASE
)
MAX_STEPS = 2
DATED = 0.35
DATE_ALONE = 2
AGREED = 0.45


@dataclass(frozen=True)
class Step:
    """A promise in a sentence of a turn, how strong it is, and its date."""

    turn: Turn
    sentence: Sentence
    span: tuple[int, int]
    text: str
    strength: float
    moment: Moment | None
    moment_turn: Turn | None


def find_steps(call: Call, first_group: int) -> list[Finding]:
    """The next steps with their dates, the firmest first; a deadline alone when nothing was promised for a day."""
    steps = _distinct(sorted(_steps(call), key=lambda step: -step.strength))
    if all(step.moment is None for step in steps):
        steps = [*_agreed_meetings(call)][-1:] or steps
    findings: list[Finding] = []
    for group, step in enumerate(sorted(steps, key=lambda step: step.sentence.start), first_group):
        signs = {"promise": 0.5, "firmness": min(0.42, 0.4 * step.strength)}
        findings.append(found(step.turn, step.span, "next_step", step.text, signs=signs, group=group))
        if step.moment is not None and step.moment_turn is not None:
            moment, turn = step.moment, step.moment_turn
            signs = {"date": 0.9} | ({"vague": -0.3} if moment.vague else {})
            signs |= {"said_apart": -0.1} if turn is not step.turn else {}
            span = moment.start, moment.end
            findings.append(found(turn, span, "due", moment.iso, signs=signs, group=group))
    return findings


def _steps(call: Call) -> Iterator[Step]:
    for turn in call.turns:
        place = 0
        for sentence in turn.sentences:
            start = turn.text.index(sentence.text, place)
            place = start + len(sentence.text)
            step = _step(call, turn, sentence, start)
            if step is not None:
                yield step


def _agreed_meetings(call: Call) -> Iterator[Step]:
    """A time for a meeting that one proposes and the other takes: "Tuesday at 11?" - "Agreed, see you"."""
    wished = ""
    for turn in call.turns:
        place = 0
        for sentence in turn.sentences:
            text = normal(sentence.text)
            wished = next((name for name, words in MEETINGS if words.search(text)), wished)
            start = turn.text.index(sentence.text, place)
            place = start + len(sentence.text)
            moment = _firm_moment(call, turn, (start, place))
            if wished and moment is not None and _is_settled(call, turn):
                said = SUGGESTS.sub("", sentence.text).strip(" ,.;:!?")
                yield Step(turn, sentence, (start, place), f"{wished}: {said}", AGREED, moment, turn)


def _firm_moment(call: Call, turn: Turn, span: tuple[int, int]) -> Moment | None:
    """The exact day that is named at this place of a turn."""
    moments = [moment for moment in find_dates(turn.text, call.now) if _is_ahead(call, moment) and not moment.vague]
    inside = [moment for moment in moments if span[0] <= moment.start < span[1]]
    return _firmest(inside) if inside else None


def _is_settled(call: Call, turn: Turn) -> bool:
    """Whether the other one takes the time that was proposed."""
    after = call.after(turn)
    settled = after is not None and SETTLES.search(normal(after.text)) is not None
    return settled or _is_agreed(call, turn)


def _step(call: Call, turn: Turn, sentence: Sentence, start: int) -> Step | None:
    """The promise of one sentence."""
    text = normal(sentence.text)
    if NOT_PROMISED.search(text):
        return None
    strength, match = _promise(text)
    if match is None:
        strength, match = _any_promise(text, turn.speaker)
    if match is None and turn.speaker != "client" and _dated(call, turn, (start, start + len(sentence.text))):
        strength, match = _arranged(text)
    if match is None and turn.speaker != "client" and _is_agreed(call, turn):
        match, strength = OFFER.search(text), 0.8
    if match is None and turn.speaker != "colleague":
        match = REQUEST.search(text)
        strength = 0.55
    if match is None or (QUESTION_FROM_US.search(text) and turn.speaker == "client" and strength > 0.6):
        return None
    span = start, start + len(sentence.text)
    moment, moment_turn = _when(call, turn, span)
    if moment is None and RIGHT_NOW.search(text):
        return None
    if turn.speaker == "client" and strength > 0.6:
        strength -= 0.15
    if ASKS_WHEN.search(text) or (text.endswith("?") and not _is_agreed(call, turn)):
        strength -= 0.2
    strength += DATED if moment is not None else 0.0
    missing = _object(call, turn)
    shown = step_text(sentence.text, match.span(), match.groupdict(), russian=call.language == "ru")
    shown = with_object(shown, missing, "" if moment is None else turn.text[moment.start : moment.end])
    return Step(turn, sentence, span, shown, strength, moment, moment_turn)


def _object(call: Call, turn: Turn) -> str:
    """What was asked for right before a promise: "the contract" of "please send the contract"."""
    before = call.before(turn)
    text = normal(before.text) if before is not None else ""
    asked = list(REQUEST.finditer(text)) or list(WISH.finditer(text))
    if before is None or not asked:
        return ""
    words = re.split(r"[.,!?;]", before.text[asked[-1].end() :])[0]
    return re.sub(r"^(?:\s*(?:me|us|мне|нам|please|пожалуйста)\b)+", "", words, flags=re.IGNORECASE).strip()


def _is_agreed(call: Call, turn: Turn) -> bool:
    """Whether the next to speak says yes."""
    after = call.after(turn)
    return after is not None and AGREES.search(normal(after.text)) is not None


def _any_promise(text: str, speaker: str) -> tuple[float, re.Match[str] | None]:
    """A first person of the future of any verb that means doing something: "рассмотрим", "I'll close"."""
    for match in re.finditer(r"\b[а-я]{5,}\b", text):
        form = future(match.group())
        if form is not None and form not in NOT_STEPS_RU:
            return 0.75, match
    for match in ANY_WILL.finditer(text):
        if match.group("verb") not in NOT_STEPS_EN:
            return 0.75 if speaker == "colleague" else 0.6, match
    return 0.0, None


def _dated(call: Call, turn: Turn, span: tuple[int, int]) -> bool:
    """Whether a day to come is named in this sentence."""
    return any(span[0] <= m.start < span[1] and _is_ahead(call, m) for m in find_dates(turn.text, call.now))


def _arranged(text: str) -> tuple[float, re.Match[str] | None]:
    """What somebody else will do on a named day: "водитель привезёт", "the team is coming", "you'll receive"."""
    for match in re.finditer(r"\b[а-я]{5,}\b", text):
        form = future(match.group(), person="3per")
        if form is not None and form not in NOT_STEPS_RU:
            return 0.7, match
    said = ARRANGED.search(text)
    return (0.7, said) if said is not None and said.groupdict().get("any") not in NOT_STEPS_EN else (0.0, None)


def _promise(text: str) -> tuple[float, re.Match[str] | None]:
    for strength, pattern in PROMISES:
        match = pattern.search(text)
        if match is not None:
            return strength, match
    return 0.0, None


def _when(call: Call, turn: Turn, span: tuple[int, int]) -> tuple[Moment | None, Turn | None]:
    """The date in the sentence, else the nearest after it or before it in this turn, else in the turns beside."""
    moments = [moment for moment in find_dates(turn.text, call.now) if _is_ahead(call, moment)]
    inside = [moment for moment in moments if span[0] <= moment.start < span[1]]
    if inside:
        return _firmest(inside), turn
    beside = [moment for moment in moments if _is_date_alone(turn, moment, span)]
    if beside:
        return _firmest(beside), turn
    for other in (call.after(turn), call.before(turn)):
        if other is None or other.speaker == turn.speaker:
            continue
        near = [moment for moment in find_dates(other.text, call.now) if _is_ahead(call, moment)]
        close = _closing(other, near, first=other.index > turn.index)
        edge = other.sentences[0] if other.index > turn.index else other.sentences[-1]
        if close is not None and _promise(normal(edge.text))[1] is None:
            return close, other
    return None, None


def _is_date_alone(turn: Turn, moment: Moment, span: tuple[int, int]) -> bool:
    """Whether the sentence after a promise holds nothing but a date: "We speak then. The third at two."."""
    place = 0
    for sentence in turn.sentences:
        start, end = place, place + len(sentence.text)
        place = end + 1
        if start <= moment.start < end and start == span[1] + 1:
            rest = turn.text[start : moment.start] + turn.text[moment.end : end]
            return len(words_of(rest)) <= DATE_ALONE
    return False


def _closing(turn: Turn, moments: Sequence[Moment], *, first: bool) -> Moment | None:
    """A date in the sentence that meets the promise: the first of the turn after it, the last of the one before."""
    edge = turn.sentences[0] if first else turn.sentences[-1]
    start = 0 if first else len(turn.text) - len(edge.text)
    near = [moment for moment in moments if start <= moment.start < start + len(edge.text)]
    return _firmest(near) if near else None


def _firmest(moments: Sequence[Moment]) -> Moment:
    """An exact date rather than a vague one, a time rather than a day, the later of equals (it corrects)."""
    return max(enumerate(moments), key=lambda pair: (not pair[1].vague, pair[1].at is not None, pair[0]))[1]


def _is_ahead(call: Call, moment: Moment) -> bool:
    return moment.day >= call.now.date()


def _distinct(steps: Sequence[Step]) -> list[Step]:
    """The firmest few: a request gives way to the promise that answers it, an undated step to a dated one."""
    kept: list[Step] = []
    promised = any(step.strength >= 0.7 for step in steps)
    for step in steps:
        weak = promised and step.strength < 0.95 and step.moment is None and kept
        same = any(_same(step, other) for other in kept)
        if not weak and not same and len(kept) < MAX_STEPS:
            kept.append(step)
    return kept


def _same(step: Step, other: Step) -> bool:
    """Two sayings of one step: close to each other and for one day, or nearly the same words."""
    near = abs(step.turn.index - other.turn.index) <= 2
    days = {item.moment.day for item in (step, other) if item.moment is not None}
    words = [set(normal(item.text).split()) for item in (step, other)]
    shared = len(words[0] & words[1]) / max(1, min(len(words[0]), len(words[1])))
    return (near and len(days) <= 1) or shared > 0.6


def find_deadline(call: Call, group: int) -> list[Finding]:
    """A date by which the client wants something, for a call in which no step got a date."""
    for turn in call.of("client"):
        for moment in find_dates(turn.text, call.now):
            before = normal(turn.text[max(0, moment.start - 25) : moment.start])
            if (
                not moment.vague
                and _is_ahead(call, moment)
                and re.search(r"\b(?:до|к|ко|by|before|until)\b\W*(?:\w+\W+)?$", before)
            ):
                deadline = found(turn, (moment.start, moment.end), "due", moment.iso, signs={"deadline": 0.55})
                return [replace(deadline, group=group)]
    return []
