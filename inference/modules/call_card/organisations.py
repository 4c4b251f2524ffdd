"""The organisation that the client speaks for."""

import re
from collections.abc import Iterator
from itertools import pairwise

from inference.modules.call_card.findings import Call, Finding, found, known_signs
from inference.modules.call_card.transcript import Turn
from inference.text.date_words import MONTHS, WEEKDAYS
from inference.text.matching import best_match, likeness, mentions
from inference.text.russian import is_known, is_place, lemma, name_tags, nominative, part_of_speech
from inference.text.tokens import Token, normal, tokenize, vocabulary

KIND = (
    r"(?:компани[яиюей]+|фирм[аыуе]?|организаци[яиюей]+|завод[ае]?|предприяти[яе]|магазин[ае]?|(?:агро)?холдинг[ае]?|"
    r"клиник[аиу]|групп[аы] компаний|отел[ья]|ресторан[а]?|салон[а]?|агентств[оа]|студи[яи]|университет[а]?|школ[аыу]|"
    r"гостиниц[аы]|кафе|поликлиник[аи]|больниц[аы]|лице[йя]|гимнази[яи]|детск\w+ сад\w*|(?:авто)?баз[аы]|аптек[аи]|"
    r"торгов\w+ дом\w*|бюро|центр[а]?|фабрик[аи]|комбинат[а]?|банк[а]?|автосервис[а]?|автосалон[а]?|типографи[яи]|"
    r"пекарн[яи]|супермаркет[а]?|сет[ьи]|институт[а]?|колледж[а]?|музе[йя]|театр[а]?|фонд[а]?|совхоз[а]?|ферм[аы]|"
    r"хозяйств[оа]|концерн[а]?|корпораци[яи]|кооператив[а]?|склад[а]?|производств[оа])"
)
LEGAL = r"(?:ооо|зао|оао|пао|ао|ип|тоо|нпо)"
KIND_OR_LEGAL = rf"(?:\w+(?:ая|ое|ый|ой) )?(?:{KIND}(?: {LEGAL})?|{LEGAL})"
KIND_OR_LEGAL_ALONE = re.compile(rf"{KIND}|{LEGAL}")
KIND_NAMED = 0.85
ASKED_ORGANISATION = re.compile(
    r"организаци|компани|фирм|откуда|представ|company|organi[sz]ation|firm|calling from|business|account name"
)
EARLY_ANSWER = 30
_CUES = (
    (
        0.9,
        (
            rf"(?:из|представляю|представляем|от лица|от имени|наша|моя) {KIND}(?: {LEGAL})?"
            r"(?: (?:называется|под названием))?"
        ),
    ),
    (0.88, r"(?:calling|speaking|phoning) (?:you )?(?:from|on behalf of|for)|on behalf of|i represent|we represent"),
    (0.88, r"(?:our|my) (?:company|firm|organi[sz]ation|business)(?: name)?(?: is|'s|'s called| is called)"),
    (
        0.88,
        (
            r"(?:it's|booked|registered|order is|account is) under|(?:company|firm)(?: name)? is(?: called)?|"
            r"i work (?:for|at)|we are called"
        ),
    ),
    (0.85, rf"{KIND}(?: {LEGAL})?|{LEGAL}"),
    (
        0.8,
        (
            r"представляю|представляем|я из|мы из|this is|we are|we're|i'm (?:from|with|"
            r"at)|i am (?:from|with|at)|it's"
        ),
    ),
    (0.78, r"(?:from|with|at|of)(?: the)?|из|с"),
    (0.65, r"из [а-я]{3,}"),
    (0.72, r"for|для"),
)
CUES = [(sure, re.compile(rf"(?<!\w)(?:{cue})\W{{0,3}}$")) for sure, cue in _CUES]
# Cues that mean "ours" only beside an introduction.
WEAK = re.compile(
    rf"(?<!\w)(?:from|with|at|of|из(?: [а-я]{{3,}})?|с|this is|it's|we are|we're|{KIND}(?: {LEGAL})?|{LEGAL})\W{{0,3}}$"
)
INTRODUCTION = re.compile(
    r"меня зовут|беспокоит|\bэто\b|здравствуйте|добр\w+ (?:день|утро|вечер)|\bзвон(?:ю|ит|им)\b|\bалло\b|представля|"
    r"my name|this is|\bi'm\b|\bi am\b|\bhello\b|\bhi\b|good (?:morning|afternoon|"
    r"evening)|calling|speaking|\bhere\b|it's"
)
OTHERS = re.compile(
    r"(?:работа\w+|сотруднича\w+|покупа\w+|закупа\w+|заказыва\w+|использу\w+|конкурент\w*|поставщик\w*|перевозчик\w*|"
    r"предложени\w+|раньше|current\w*|compet\w+|supplier|using|use|bought|buying|order(?:ed|ing)? from|offer from|"
    r"quote from|switch\w*|нашли|дешевле|перешли|переходим|\bу|ушли|deliver\w*|bank|courier)\W+(?:\w+\W+){0,4}$"
)
NOT_ORGANISATIONS = vocabulary(
    "i you we they he she it the a an our your my his her their yes no ok okay hello hi good morning "
    "afternoon thanks please mr mrs ms sir english russian я мы вы он она они да нет it's i'm calling "
    "just about"
)
REPLIES = vocabulary("sure well right alright certainly perfect fine great oh actually конечно хорошо отлично ладно")
NUMBERED = re.compile(
    r"\b(?P<kind>поликлиник[аи]|больниц[аы]|школ[аы]|лице[йя]|гимнази[яи]|детск\w+ сад\w*|(?:авто)?баз[аы]|аптек[аи]|"
    r"завод[а]?|колледж[а]?|библиотек[аи]|училищ[еа])\s*(?:номер|№|n)\s*(?P<number>\w+)"
)
NEVER_NAMES = frozenset({"VERB", "INFN", "GRND", "INTJ", "NPRO", "ADJS", "PRTS", "PREP", "CONJ", "PRCL"})
JOINERS = frozenset({"&", "-", "and", "of", "'", "и", "."})
QUOTED = {"«": "»", '"': '"', "“": "”", "„": "“"}
NAME_BEFORE = re.compile(
    r"((?!(?:Hello|Hi|Hey|Good|Yes|Thanks|Dear)\b)(?:[A-ZА-ЯЁ][\w'-]+\s+){1,2}[A-ZА-ЯЁ][\w'-]+)(?:\s+(?:here|speaking|беспокоит|"
    r"говорит|звонит|calling))?[,.]\s*$"
)
ASKED_NAME = re.compile(
    r"представьтесь|как (?:к )?вас|ваше имя|кто (?:это )?звонит|с кем|откуда|"
    r"какая компания|организаци|как\w+ компани|вашей? компани|who should i|на кого|(?:take|get|have) your|"
    r"company (?:is|are)|your (?:full |company )?name|which company|"
    r"what company|who am i (?:speaking|talking)|who(?:'s| is) (?:this|calling|"
    r"speaking)|may i ask who|where are you calling from"
)
BARE = re.compile(r"(?:(?<=[.!?] )|^)[A-Z][a-z'-]+ [A-Z][a-z'-]+, (?:[A-Z][\w'&-]+ ?){1,4}(?=[.!?]|$)")
MAX_WORDS = 4
SAME = 84.0
# A recogniser that does not know a name writes what it sounds like.
MOST_SURE_HEARD = 0.8


def find_organisation(call: Call) -> list[Finding]:
    """The client's organisation: as told, else as our colleague says it back, else as expected and named."""
    told = [finding for turn in call.of("client") for finding in (*_told(call, turn), *_numbered(turn))]
    if not told:
        told = list(_expected(call))
    best = max(told, key=lambda finding: finding.confidence, default=None)
    return [best] if best is not None else []


def _told(call: Call, turn: Turn) -> Iterator[Finding]:
    tokens = tokenize(turn.text)
    known = {mention.first: mention.last for mention in mentions(tokens, [o.name for o in call.request.organisations])}
    index = 0
    while index < len(tokens):
        if KIND_OR_LEGAL_ALONE.fullmatch(tokens[index].norm):
            index += 1
            continue
        run = tokens[index : known[index]] if index in known else _run(tokens, index)
        if not run:
            index += 1
            continue
        finding = _judge(call, turn, run)
        if finding is not None:
            yield finding
        index += len(run)


def _run(tokens: list[Token], index: int) -> list[Token]:
    """The words of a name from one token on: a quoted text, or capitalised words and their joiners."""
    token = tokens[index]
    if index and tokens[index - 1].text in QUOTED:
        closing = QUOTED[tokens[index - 1].text]
        for end in range(index + 1, min(index + 6, len(tokens))):
            if tokens[end].text == closing:
                return tokens[index:end]
    if not _is_name_word(token):
        return []
    run, place = [token], index + 1
    while place < len(tokens) and len(run) < MAX_WORDS + 1:
        word = tokens[place]
        if word.start - run[-1].end > 1:
            break
        joins = word.norm in JOINERS and place + 1 < len(tokens) and _is_name_word(tokens[place + 1])
        if word.text == "." and (not joins or tokens[place + 1].start > word.end):
            break
        headed = len(run) == 1 and part_of_speech(run[0].norm) == "ADJF" and part_of_speech(word.norm) == "NOUN"
        if headed and not _is_name_word(word):
            return [*run, word]
        if not joins and not (_is_name_word(word) or (word.is_number and word.text.isdigit())):
            break
        run.append(word)
        place += 1
    return run


def _numbered(turn: Turn) -> Iterator[Finding]:
    """Such as "поликлиника номер три", "из лицея №5"."""
    for match in NUMBERED.finditer(normal(turn.text)):
        kind, number = turn.text[match.start("kind") : match.end("kind")], match.group("number")
        value = f"{lemma(kind.lower()) if ' ' not in kind else kind.lower()} номер {number}"
        if not OTHERS.search(normal(turn.text[max(0, match.start() - 60) : match.start("kind")])):
            yield found(turn, (match.start("kind"), match.end()), "organisation", value, signs={"numbered_name": 0.75})


def _is_name_word(token: Token) -> bool:
    word = token.norm
    known = word in NOT_ORGANISATIONS or word in WEEKDAYS or word in MONTHS
    # A capital may only begin a sentence: "Хотелось бы встретиться", "Здравствуйте".
    says = is_known(word) and part_of_speech(word) in NEVER_NAMES
    return token.is_word and not known and not says and token.text[0].isupper()


def _judge(call: Call, turn: Turn, run: list[Token]) -> Finding | None:
    """A name is the client's organisation when the words before it say so."""
    start, end = run[0].start, run[-1].end
    before = normal(turn.text[max(0, start - 60) : start]).rstrip('«"“„ ')
    before += " "
    if len(run) == 1 and run[0].norm in REPLIES:
        return None
    sure = next((weight for weight, cue in CUES if cue.search(before)), 0.0)
    sure = sure or _after_name(call, turn, start, turn.text[start:end])
    sure = sure or _answers(call, turn, start, turn.text[start:end])
    if not sure or OTHERS.search(before):
        return None
    words = turn.text[start:end]
    named = sure >= KIND_NAMED and re.search(rf"(?:^|[.,!?]\W*|\bиз ){KIND_OR_LEGAL}\W{{0,3}}$", before.strip())
    if WEAK.search(before) and not (named or _introduces(turn, start) or _was_asked(call, turn, start)):
        return None
    if re.search(r"(?<!\w)(?:for|для|this is|it's|i'm|я|это)\W*$", before) and not _is_known(call, words):
        return None
    value = _value(call, words, before)
    if likeness(value, call.request.company.name) >= SAME or _is_not_organisation(value, before):
        return None
    return _matched(call, turn, (start, end), value, sure)


def _introduces(turn: Turn, start: int) -> bool:
    """Whether the speaker introduces himself around this place, early in what he says."""
    said = turn.text[max(0, start - 120) : start]
    return INTRODUCTION.search(normal(said)) is not None or names_person(said)


def names_person(said: str) -> bool:
    """Whether a full Russian name stands in these words."""
    words = said.split()
    names = [bool(name_tags(normal(word.strip(",.!?")))) and word[0].isupper() for word in words]
    return any(first and second for first, second in pairwise(names))


def _after_name(call: Call, turn: Turn, start: int, words: str) -> float:
    """Such as "James Whitfield, Kestrel Logistics": right after the caller's name."""
    before = turn.text[:start]
    if not re.search(r"[,.]\s*$", before):
        return 0.0
    asker = call.before(turn)
    asked = asker is not None and ASKED_NAME.search(normal(asker.text)) is not None
    name = NAME_BEFORE.search(before)
    if re.search(r"(?:зовут|имя|фамилия|is) \w+[.,]\s*$", normal(before)) and _is_known(call, words):
        return 0.85
    introduced = name is not None and (
        _is_bare(turn, start) or asked or INTRODUCTION.search(normal(before)) is not None or _dictionary(name.group(1))
    )
    if not introduced:
        return 0.0
    kind = re.match(rf"{KIND}\b", normal(words)) is not None
    mixed = re.fullmatch(r"[А-ЯЁA-Z][а-яёa-z]+[А-ЯЁA-Z]\w+", words) is not None
    if name is not None and _dictionary(name.group(1)) and not name_tags(normal(words)) and not is_place(words.lower()):
        return 0.85 if _is_known(call, words) else 0.65
    return 0.85 if _is_known(call, words) else 0.7 if asked or kind or mixed or " " in words else 0.0


def _is_bare(turn: Turn, start: int) -> bool:
    """Whether the sentence around a place is nothing but a name and a company: "Derek Shaw, Maple Dental."."""
    return any(match.start() <= start < match.end() for match in BARE.finditer(turn.text))


def _was_asked(call: Call, turn: Turn, start: int) -> bool:
    """Whether a question for a name or a company comes right before."""
    asker = call.before(turn)
    asks = asker is not None and (
        ASKED_NAME.search(normal(asker.text)) or ASKED_ORGANISATION.search(normal(asker.text))
    )
    return bool(asks) and start < 2 * EARLY_ANSWER


def _answers(call: Call, turn: Turn, start: int, words: str) -> float:
    """A known organisation that opens an answer, or a company's name that is the answer to "which company?"."""
    asker = call.before(turn)
    if asker is None or start > EARLY_ANSWER or turn.speaker != "client":
        return 0.0
    lone = turn.text[:start].strip() == "" and re.match(r"[.,]|$", turn.text[start + len(words) :]) is not None
    asked = ASKED_ORGANISATION.search(normal(asker.text)) is not None
    if _is_known(call, words) and (lone or asked):
        return 0.85
    return 0.7 if asked and lone and not names_person(words) else 0.0


def _dictionary(words: str) -> bool:
    return all(name_tags(normal(word)) for word in words.split())


def _is_known(call: Call, words: str) -> bool:
    return best_match(words, [organisation.name for organisation in call.request.organisations]) is not None


def _value(call: Call, words: str, before: str) -> str:
    """The name as it is written: after "из" and the like a lone Russian noun goes back to the nominative."""
    bare = re.sub(rf"^(?:{KIND}|{LEGAL})\s+", "", words, flags=re.IGNORECASE)
    if bare != words and bare[:1].isupper():
        return bare
    declined = re.search(r"(?:\bиз|\bот|\bс)\W*$", before) is not None
    if call.language == "ru" and declined and " " not in words and part_of_speech(words.lower()) == "NOUN":
        return nominative(words)
    return words


def _is_not_organisation(value: str, before: str) -> bool:
    """A town or a person after a weak cue."""
    if not re.search(r"(?<!\w)(?:from|with|at|of|из|с)\W*$", before):
        return False
    russian = any("а" <= letter <= "я" for letter in value.lower())
    if not russian:
        return False
    return is_place(value.lower())


def _matched(call: Call, turn: Turn, span: tuple[int, int], value: str, sure: float) -> Finding:
    """The finding of a name, matched with the organisations of the CRM."""
    expected = call.request.client.organisation
    known = [expected, *call.request.organisations] if expected is not None else call.request.organisations
    match = best_match(value, [organisation.name for organisation in known])
    if match is None:
        heard = sure - MOST_SURE_HEARD if any(segment.words for segment in call.transcript.segments) else 0.0
        signs = {"introduction": sure} | ({"only_heard": -heard} if heard > 0 else {})
        return found(turn, span, "organisation", value, signs=signs)
    organisation = known[match.index]
    signs = known_signs({"introduction": sure}, 0.06, match.score)
    return found(turn, span, "organisation", organisation.name, signs=signs, known_id=organisation.id)


def _expected(call: Call) -> Iterator[Finding]:
    """The organisation of the expected client, or one of the CRM that the client names as his own."""
    expected = call.request.client.organisation
    if expected is None:
        return
    for turn in call.turns:
        tokens = tokenize(turn.text)
        for mention in mentions(tokens, [expected.name]):
            span = tokens[mention.first].start, tokens[mention.last - 1].end
            if not OTHERS.search(normal(turn.text[max(0, span[0] - 60) : span[0]])):
                yield found(
                    turn, span, "organisation", expected.name, signs={"expected_client": 0.75}, known_id=expected.id
                )
