"""Who is the client: by channel where there are two, else sentence by sentence from what people say."""

import re
from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from appliance.contract.modules import CallCardInput, Speaker
from inference.modules.call_card.transcript import Sentence, rejoined, split_clauses
from inference.text.matching import sounds
from inference.text.tokens import normal

_COLLEAGUE = (
    (3.0, r"чем (?:я )?могу (?:вам )?(?:помочь|быть полез)|how (?:can|may) (?:i|we) help|what can i do for you"),
    (2.5, r"\bthank(?:s| you) for (?:calling|your call)|спасибо за (?:ваш )?звонок|что позвонили"),
    (
        2.0,
        (
            r"как (?:к вам|вас) (?:можно )?(?:обращаться|зовут)|what(?:'s| is) your (?:name|"
            r"number|e-?mail|company|budget)"
        ),
    ),
    (
        2.0,
        (
            r"(?:подскажите|оставьте|продиктуйте|назовите|какой)\b.{0,15}\b(?:ваш|свой|"
            r"вашу)?\s?(?:номер|телефон|почту|бюджет)"
        ),
    ),
    (
        2.0,
        (
            r"(?:can|could|may) i (?:have|get|take|ask) (?:your|for your|the spelling)|"
            r"may i ask who|who am i speaking"
        ),
    ),
    (
        1.5,
        (
            r"сколько (?:вам )?(?:нужно|штук|единиц|потребуется)|how many (?:do you|would you|"
            r"units|licen|people|users)"
        ),
    ),
    (
        1.5,
        (
            r"\b(?:i|we)(?:'ll| will) (?:send|prepare|email|arrange|check|put|get|have|"
            r"ship|process|schedule|book|look)"
        ),
    ),
    (
        1.5,
        (
            r"\b(?:отправлю|вышлю|подготовлю|пришлю|оформлю|выставлю|уточню|проверю|направлю|"
            r"перезвоню|передам|свяжусь)\b"
        ),
    ),
    (1.5, r"\b(?:отправим|вышлем|подготовим|пришлем|оформим|выставим|проверим|направим|перезвоним)\b"),
    (
        1.5,
        (
            r"\bour (?:price|manager|engineer|technician|warehouse|delivery|list price|"
            r"sales team)|у нас (?:есть|в наличии)"
        ),
    ),
    (
        1.0,
        r"могу (?:вам )?(?:предложить|порекомендовать)|i can offer|let me (?:check|see|look|take|confirm|note|write)",
    ),
    (
        2.0,
        (
            r"(?:назовите|на как\w+ (?:компани|организаци|почт|адрес|фамили|имя)|на кого (?:оформ|выписа|запис)|"
            r"(?:телефон|номер|почта|адрес) для связи|представьтесь|как вас|откуда вы|какая компания|как называется)"
        ),
    ),
    (
        2.0,
        (
            r"(?:what|which) (?:company|organi[sz]ation|firm) (?:is|are)|who should i (?:address|make|put|send|ask)|"
            r"best (?:number|e-?mail|way)|can i (?:take|get|have|grab) (?:your|a)|any budget|(?:a|your) budget in mind|"
            r"what(?:'s| is) the deadline|who am i|(?:are you|were you) (?:looking to|hoping to|planning)"
        ),
    ),
    (
        1.5,
        r"\b(?:i'm|we're|i am|we are) (?:so |very |really |terribly )?sorry\b|apologi[sz]e|сожале\w+",
    ),
    (
        1.5,
        (
            r"(?:могу|можем) (?:дать|сделать|предоставить) (?:вам )?скидк\w+|вы (?:нам )?оставляли|"
            r"i can (?:get|give|offer|do|ask)|"
            r"you (?:asked|enquired|inquired|contacted|requested)|вы ошиблись|you've got the wrong|напишите заявление"
        ),
    ),
    (
        1.5,
        r"^\W*(?:спасибо|хорошо|thank you|thanks|right|okay),? (?:mr|mrs|ms|miss)\b|к вам (?:приед|отправ|подъед)\w+",
    ),
    (
        1.5,
        (
            r"\b(?:перезвонит|позвонит|свяжется|приедет|подъедет|привезет)\b.{0,15}\b(?:вам|вами)\b|"
            r"\bill (?:send|set|call|email|book|check|put|get)\b"
        ),
    ),
    (
        1.0,
        (
            r"^\W*(?:of course|certainly|absolutely|конечно|разумеется|принято|принял[аи]?|с удовольствием)\b|"
            r"\bwould\b.{3,60}\b(?:work|suit)(?: (?:for )?you)?\W*$|\bкогда (?:вам )?(?:\w+ )?удобно\b|\bкакая сумма\b"
        ),
    ),
    (1.0, r"что(?:-нибудь)? еще|anything else|минуту,? (?:сейчас )?(?:посмотрю|проверю)|слушаю вас|я вас слушаю"),
    (1.0, r"\b(?:цена|стоимость) (?:составит|составляет|будет)|it costs|the price is|that comes to|that would be"),
    (
        1.0,
        (
            r"какой (?:у вас )?бюджет|what(?:'s| is) (?:the|your) budget|sorry to hear|"
            r"приносим извинения|приношу извинения"
        ),
    ),
)
_CLIENT = (
    (2.5, r"\b(?:нам|мне) (?:нужн|нужен|надо|требу|необходим|бы)|(?:хотел|хотела|хотели) бы|\bхочу\b|\bхотим\b"),
    (
        2.0,
        (
            r"\b(?:we|i)(?:'d| would) like|\b(?:we|i) (?:need|want|require)\b|(?:i'm|"
            r"we're|we are|i am) (?:interested|looking)"
        ),
    ),
    (2.0, r"\bя звоню|\bзвоню (?:вам|по)|\bбеспокоит|i'm calling|i am calling|calling (?:about|from|to|because)"),
    (2.0, r"\b(?:мой|наш) (?:номер|телефон|бюджет|адрес|заказ)|\b(?:моя|наша) (?:почта|компания|фирма|организация)"),
    (2.0, r"\b(?:my|our) (?:number|phone|e-?mail|budget|company|order|invoice|boss|director|team)"),
    (
        1.5,
        (
            r"сколько (?:это )?(?:стоит|стоят|будет)|какая цена|how much|what(?:'s| is) the price|"
            r"can you (?:send|give|quote|tell)"
        ),
    ),
    (
        1.5,
        r"(?:можете|могли бы|не могли бы) (?:вы )?(?:прислать|отправить|выслать|подсказать|сказать)|пришлите|вышлите",
    ),
    (
        1.5,
        (
            r"не работает|сломал|не пришл|задерж|doesn't work|not working|broken|hasn't arrived|"
            r"never arrived|still waiting"
        ),
    ),
    (
        1.5,
        (
            r"\byou (?:delivered|sent|promised|sold|installed)|вы (?:нам )?(?:привезли|"
            r"поставили|прислали|обещали|продали)"
        ),
    ),
    (
        1.5,
        (
            r"(?:does not|doesn't|won't|is not|isn't) (?:work|start|turn|print|connect)|"
            r"disappointed|not acceptable|unacceptable"
        ),
    ),
    (
        1.0,
        (
            r"\b(?:please call me|call me (?:back|on|at|before)|перезвоните мне|позвоните мне|"
            r"буду ждать|жду|look forward)\b"
        ),
    ),
    (
        0.7,
        (
            r"\b(?:у нас|нашего|нашей|нашем|наших)\b|\bour (?:new |old )?(?:plant|office|"
            r"laboratory|lab|shop|site|school|warehouse|factory)"
        ),
    ),
    (
        2.0,
        (
            r"\b(?:мы|я) (?:\w+ )?(?:оплатил|заказал|заказывал|купил|покупал|получил|жду|ждем)\w*|\bхочу\b|"
            r"где (?:мой|наш|моя|наша)|вернуть деньги|^\W*здравствуйте,? я\b|\b(?:мы|я) из\b"
        ),
    ),
    (
        2.0,
        (
            r"\bi (?:returned|ordered|bought|placed|received|got your|was charged|have a question)|"
            r"\bwe (?:ordered|bought|placed|received|had a|were (?:billed|charged))|"
            r"i've been (?:charged|waiting|trying)|"
            r"my (?:printer|order|account|subscription|name is|name's)|calling (?:on behalf|from|about)"
        ),
    ),
    (1.5, r"\bвыделили\b|\bпокажите нам\b"),
    (1.0, r"записывайте|\bя из (?:компании|фирмы)|\bwe can spend|уложиться|мы готовы|у нас бюджет"),
    (1.0, r"у нас (?:не|сломал|проблем)|we have a problem|i have a (?:problem|question)|у меня (?:вопрос|проблем)"),
)
COLLEAGUE_CUES = [(weight, re.compile(pattern)) for weight, pattern in _COLLEAGUE]
CLIENT_CUES = [(weight, re.compile(pattern)) for weight, pattern in _CLIENT]
INTRODUCTION = re.compile(r"меня зовут|my name is|\bэто\b|this is|speaking|слушаю|добрый день|здравствуйте|hello")
VOCATIVE = r"hi|hello|hey|morning|afternoon|evening|day|здравствуйте|день|утро|вечер|приветствую|добрый|привет"
SWITCH, SWITCH_AFTER_QUESTION, SWITCH_AT_SEGMENT = 2.0, 0.5, 0.3
ASKS = re.compile(
    r"\b(?:may|can|could) i (?:have|get|take|ask) your\b|\bwould\b.{3,60}\bwork\W*$|"
    r"(?:^|\W)(?:назовите|представьтесь|продиктуйте|оставьте|запишу|напомните)\W|"
    r"(?:сколько вам|как вас зовут|как к вам обращаться|на какой адрес|на какую почту|для связи|телефон|бюджет|"
    r"your name|your number|your e-?mail|best number|how many|your budget|a budget in mind|speaking with|"
    r"can i help|могу помочь|могу быть полез\w+|company is (?:it|this)|the deadline|to spend|when works)\W*$"
)
SWITCH_TO_ANSWER = -0.9  # a question at the end of a segment is answered by the other one
ANSWERS_FIRST = 0.8
COMPANY_LIKENESS = 84
PAIR = 2


def leaning(sentence: str, request: CallCardInput) -> float:
    """How much a sentence sounds like our colleague (positive) or like the client (negative)."""
    text = normal(sentence)
    score = sum(weight for weight, cue in COLLEAGUE_CUES if cue.search(text))
    score -= sum(weight for weight, cue in CLIENT_CUES if cue.search(text))
    return score + _introduces_us(text, request)


def _introduces_us(text: str, request: CallCardInput) -> float:
    """Our company's name or a colleague's name in a greeting speaks for the colleague."""
    if not INTRODUCTION.search(text):
        return _greets_us(text, request)
    score = _greets_us(text, request)
    heard = sounds(text)
    company = sounds(request.company.name)
    if len(company) > 3 and fuzz.partial_ratio(company, heard) >= COMPANY_LIKENESS:
        score += 2.0
    for colleague in request.colleagues:
        first = normal(colleague.name).split()[:1]
        if first and re.search(rf"(?:зовут|это|name is|this is|i'm|меня)\W+(?:\w+\W+)?{re.escape(first[0])}\b", text):
            return score + 2.0
        if first and re.search(rf"\b{re.escape(first[0])}\b\W+(?:speaking|слушаю|слушает|here)", text):
            return score + 2.0
    return score


def _greets_us(text: str, request: CallCardInput) -> float:
    """Who greets a colleague by name is the client: "Hi Tom", "Анна, здравствуйте"."""
    for colleague in request.colleagues:
        first = re.escape(normal(colleague.name).split()[0]) if colleague.name.split() else ""
        if first and re.search(rf"\b(?:{VOCATIVE})\W+{first}\b|^\W*{first}\W+(?:{VOCATIVE})\b", text):
            own = re.search(rf"\b{first}\W+(?:\w+\W+)?(?:speaking|слуша\w+|чем|how)\b|$", text)
            return 0.0 if own is not None and own.group() else -2.5
    return 0.0


def assign_speakers(sentences: Sequence[Sentence], request: CallCardInput) -> tuple[list[Sentence], dict[str, Speaker]]:
    """Sentences with their speakers, and what each channel was found to be."""
    segments = request.communication.segments
    channels = {segments[s.segment].channel for s in sentences} - {None}
    if len(channels) == PAIR:
        roles = _channel_roles(sentences, request)
        named = [
            replace(s, speaker=_given(s, roles[str(segments[s.segment].channel)]))
            if segments[s.segment].channel is not None
            else s
            for s in sentences
        ]
        return named, roles
    return rejoined(_guess(split_clauses(sentences), request)), {}


def _given(sentence: Sentence, guessed: Speaker) -> Speaker:
    return guessed if sentence.speaker == "unknown" else sentence.speaker


def _channel_roles(sentences: Sequence[Sentence], request: CallCardInput) -> dict[str, Speaker]:
    """Which of two channels is the colleague."""
    segments = request.communication.segments
    scores: dict[int, float] = {}
    first: int | None = None
    for sentence in sentences:
        channel = segments[sentence.segment].channel
        if channel is None:
            continue
        first = channel if first is None else first
        told = {"colleague": 9.0, "client": -9.0}.get(sentence.speaker, 0.0)
        scores[channel] = scores.get(channel, 0.0) + leaning(sentence.text, request) + told
    if first is not None:
        # Whoever is called speaks first: our colleague in an incoming call, the client in an outgoing one.
        scores[first] += -ANSWERS_FIRST if request.communication.direction == "out" else ANSWERS_FIRST
    ours = max(scores, key=lambda channel: (scores[channel], -channel))
    return {str(channel): "colleague" if channel == ours else "client" for channel in sorted(scores)}


def _guess(sentences: Sequence[Sentence], request: CallCardInput) -> list[Sentence]:
    """The likeliest sequence of speakers: what each sentence sounds like, and where people take turns."""
    if not sentences:
        return []
    leanings = [_clear(s, leaning(s.text, request)) for s in sentences]
    start = -ANSWERS_FIRST if request.communication.direction == "out" else ANSWERS_FIRST
    best = {True: start + leanings[0], False: -start - leanings[0]}
    back: list[dict[bool, bool]] = []
    for before, sentence, lean in zip(sentences, sentences[1:], leanings[1:], strict=False):
        cost = _switch_cost(before, sentence)
        origin = {ours: ours if best[ours] >= best[not ours] - cost else not ours for ours in (True, False)}
        best = {
            ours: best[origin[ours]] - (cost if origin[ours] != ours else 0.0) + (lean if ours else -lean)
            for ours in (True, False)
        }
        back.append(origin)
    ours = best[True] >= best[False]
    path = [ours]
    for origin in reversed(back):
        ours = origin[ours]
        path.append(ours)
    return [
        replace(sentence, speaker=_given(sentence, "colleague" if ours else "client"))
        for sentence, ours in zip(sentences, reversed(path), strict=True)
    ]


def _clear(sentence: Sentence, lean: float) -> float:
    """What the caller says of the speaker outweighs every guess."""
    return {"colleague": 9.0, "client": -9.0}.get(sentence.speaker, lean)


def _switch_cost(before: Sentence, sentence: Sentence) -> float:
    """Speakers change after a question most often, and rather between segments than inside one."""
    if before.text.endswith("?") or ASKS.search(normal(before.text)):
        return SWITCH_AFTER_QUESTION if before.segment == sentence.segment else SWITCH_TO_ANSWER
    return SWITCH if before.segment == sentence.segment else SWITCH_AT_SEGMENT
