"""Who called, and from where."""

import re
from collections.abc import Iterator
from dataclasses import replace

from rapidfuzz import fuzz

from appliance.contract.modules import KnownPerson
from inference.modules.call_card.findings import Call, Finding, found, known_signs
from inference.modules.call_card.transcript import Turn
from inference.text.date_words import MONTHS, WEEKDAYS
from inference.text.matching import Match, likeness, mentions, person_match, sounds
from inference.text.russian import full_name, is_known, name_tags, names_in
from inference.text.tokens import Token, normal, tokenize, vocabulary

# What stands right before the name of the one who speaks, and how sure it makes us.
_SELF = (
    (0.9, r"меня зовут|зовут|мое имя|зовут меня|my name is|my name's|name's|the name is"),
    (0.85, r"вас беспокоит|беспокоит|звонит вам|вам звонит|говорит"),
    (
        0.8,
        (
            r"спросите|спросить|позовите|ask for|запишите(?: меня)?(?: на| как)?|на имя|"
            r"контактное лицо|моя фамилия|фамилия|my full name is"
        ),
    ),
    (0.75, r"this is|i am|i'm|it's|it is|это|этой|ето|я|имя|you're speaking (?:to|with)|speaking with"),
)
SELF = [(sure, re.compile(rf"(?<!\w)(?:{cue})\W{{0,3}}$")) for sure, cue in _SELF]
AFTER_NAME = re.compile(r"^\W{0,3}(?:speaking|here|calling|беспокоит|звонит|говорит|на связи|слушаю|моя фамилия)\b")
NEEDS_MORE = re.compile(r"(?<!\w)(?:это|этой|ето|я|it's|it is|i'm|i am)\W{0,3}$")
NOT_NAMES = vocabulary(
    "the a an just about regarding calling looking interested sorry here speaking from with at good "
    "great okay ok yes no not so very still also sure well hello hi thanks thank your our my we i and "
    "for to in on of it that this really afraid happy glad right trying going having waiting mr mrs ms "
    "miss dr mister from sir madam ma'am head sales manager director customer same over out up back new "
    "everyone everything all anyone nobody somebody спасибо хорошо здравствуйте алло добрый да нет "
    "подскажите скажите пожалуйста давайте отлично можно"
)
TITLES = vocabulary("mr mrs ms miss dr mister")
VOCATIVE = re.compile(
    r"(?:спасибо|хорошо|здравствуйте|добрый день|добрый вечер|доброе утро|"
    r"алло|понял|поняла|отлично|да|thanks|thank you|hello|hi|okay|great|sure|right)\W{1,2}$"
)
CONNECT = frozenset({"-", "'", "."})
MAX_NAME = 3
HAILED = re.compile(r"^(?:hi|hello|hey|good (?:morning|afternoon|evening))(?: there| \w+)?\W*$")
BARE = re.compile(r"(?:(?<=[.!?] )|^)[A-Z][a-z'-]+ [A-Z][a-z'-]+, (?:[A-Z][\w'&-]+ ?){1,4}(?=[.!?]|$)")
GREETED = re.compile(r"(?:здравствуйте|добр\w+ (?:день|утро|вечер)|день добрый|алло|приветствую)$")
ROLE = re.compile(
    r"(?:бухгалтер|директор|менеджер|секретарь|инженер|снабженец|руководитель|"
    r"начальник|заместитель|завхоз|администратор|завуч|агроном|прораб|логист|закупщик|владелец|юрист|кладовщик|"
    r"технолог|механик|главный инженер|отдел закупок)\s*$",
    re.IGNORECASE,
)
PLACED = re.compile(r"(?<!\w)(?:from|at|with|of|из|компани\w+|фирм\w+|ооо|оао|зао|ип)(?: the)?\W{1,3}$")
ASKS_FOR = re.compile(r"\b(?:is this|am i speaking (?:to|with)|is that|это|вы)\W+$|^\W*(?:алло|hello|hi)\W+$")
CONFIRMS = re.compile(r"^\W*(?:да|это я|я|слушаю|speaking|yes|yeah|yep|it is|this is (?:he|she)|that's me)\b")
# Words of an introduction that may stand apart from the name: "вас беспокоит автобаза, Геннадий Фомин".
BEGUN = re.compile(r"\b(?:беспокоит|звонит|говорит|меня зовут|это)\b")
OF_ANOTHER = re.compile(r"\b(?:от|для|у|к|с|про|о|на|просил\w*|передайте|вместо|спасибо|здравствуйте)\W*$")
# A name that ran into the word before it: "етокирилл Самойлов".
RUN_ON = re.compile(r"\b(?:эт[оа]|ето)(?P<first>[А-ЯЁа-яё]{3,}) (?P<last>[А-ЯЁ][а-яё-]+)")
EARLY, EARLY_ANSWER, EARLY_NAME = 60, 25, 120
ASKED_NAME = re.compile(
    r"представьтесь|как (?:к )?вас|ваше имя|как вас зовут|кто (?:это )?звонит|"
    r"с кем (?:я )?(?:говорю|разговариваю)|your (?:full )?name|"
    r"на кого (?:оформ|выпис|запис)|чье имя|who should i (?:address|make|put|send|ask)|"
    r"who am i (?:speaking|talking)|who(?:'s| is) (?:this|calling|speaking)|who do i have|may i ask who"
)
SPELLED = re.compile(r"\b((?:[A-Za-z][-–. ,]+){3,}[A-Za-z])\b")
SAME_PERSON = 85
ROUGHLY = 74
CLIENT_LIKENESS = 84.0


def find_person(call: Call) -> list[Finding]:
    """The caller: who introduces himself, else who is addressed by our colleague."""
    told = [finding for turn in call.of("client") for finding in _introductions(call, turn)]
    told += [finding for turn in call.of("client") for finding in _run_on(call, turn)]
    told += [finding for turn in call.of("colleague") for finding in _confirmed(call, turn)]
    if not told:
        told = [finding for turn in call.of("colleague") for finding in _addressed(call, turn)][:1]
    known = _expected(call)
    best = max(told, key=lambda finding: (finding.confidence, min(len(str(finding.value).split()), 2)), default=None)
    if best is None:
        return known[:1]
    return [_spelled(call, _completed(best, told))]


def _completed(best: Finding, told: list[Finding]) -> Finding:
    """A first name and a surname that were said apart, as in "зовут Елена, фамилия Григорьева"."""
    if len(str(best.value).split()) > 1 or best.known_id is not None:
        return best
    for other in told:
        first, second = normal(str(best.value)), normal(str(other.value))
        if other is best or len(second.split()) > 1 or first == second or other.start != best.start:
            continue
        if "Surn" in name_tags(second) and "Name" in name_tags(first):
            return replace(best, value=f"{best.value} {other.value}", display=f"{best.value} {other.value}")
        if "Surn" in name_tags(first) and "Name" in name_tags(second):
            return replace(best, value=f"{other.value} {best.value}", display=f"{other.value} {best.value}")
    return best


def _names(turn: Turn) -> Iterator[tuple[str, int, int]]:
    """Runs of words that can be a person's name, with their places."""
    tokens = tokenize(turn.text)
    index = 0
    while index < len(tokens):
        run = _run(tokens, index)
        if run:
            yield turn.text[run[0].start : run[-1].end], run[0].start, run[-1].end
        index += max(len(run), 1)


def _run(tokens: list[Token], index: int) -> list[Token]:
    """Name words from one token on; a full stop ends a name, a hyphen does not."""
    run: list[Token] = []
    while index < len(tokens) and len(run) < MAX_NAME + 1:
        token = tokens[index]
        joins = token.text == "-" and run and index + 1 < len(tokens) and tokens[index + 1].text[0].isupper()
        close = not run or token.start - run[-1].end <= 1
        if not joins and (not close or not _can_be_name(token)):
            break
        run.append(token)
        index += 1
    return run


def _can_be_name(token: Token) -> bool:
    """A capitalised word that is not a common one, or a Russian word that is known as a name."""
    word = token.norm
    if not token.is_word or word in NOT_NAMES or word in WEEKDAYS or word in MONTHS or len(word) < 2:
        return False
    if not token.text[0].isupper() or word.split("'")[0] in NOT_NAMES:
        return False
    russian = "а" <= word[0] <= "я"
    return not russian or bool(name_tags(word)) or not is_known(word)


def _introductions(call: Call, turn: Turn) -> Iterator[Finding]:
    """Names that the client gives as his own."""
    asker = call.before(turn)
    asked = asker is not None and ASKED_NAME.search(normal(asker.text)) is not None
    for words, start, end in _names(turn):
        before = normal(turn.text[max(0, start - 40) : start])
        sure = next((weight for weight, cue in SELF if cue.search(before)), 0.0)
        after = normal(turn.text[end : end + 30])
        if AFTER_NAME.search(after):
            sure = max(sure, 0.85)
        if not sure and asked and start < EARLY_ANSWER and _looks_named(words):
            sure = 0.85
        if not sure and ROLE.search(turn.text[:start]) and (_dictionary(words) or len(words.split()) > 1):
            sure = 0.8
        if not sure and _opens(turn, words, start, end):
            sure = 0.75
        if not sure and _stands_apart(turn, words, start):
            sure = 0.65
        if not sure or not _is_person(words, before) or PLACED.search(before):
            continue
        if NEEDS_MORE.search(before) and not asked and not _settled(words, start, after):
            continue
        finding = _person(call, turn, (words, start, end), sure)
        if finding is not None:
            yield finding


def _stands_apart(turn: Turn, words: str, start: int) -> bool:
    """A full Russian name in the nominative, early, whose introduction began before other words."""
    tags = [name_tags(normal(word)) for word in words.split()]
    full = len(tags) > 1 and any("Surn" in tag for tag in tags) and any("Name" in tag for tag in tags)
    long = len(tags) == MAX_NAME and any("Patr" in tag for tag in tags)
    before = normal(turn.text[:start])
    if not (full or long) or start > EARLY_NAME or OF_ANOTHER.search(before) or full_name(words) != words:
        return False
    return long or BEGUN.search(re.split(r"[.!?]", before)[-1]) is not None


def _run_on(call: Call, turn: Turn) -> Iterator[Finding]:
    """The full name in which recognition glued the first name to "это"."""
    for match in RUN_ON.finditer(turn.text):
        first, last = match.group("first"), match.group("last")
        if "Name" in name_tags(normal(first)) and is_known(normal(first)) and name_tags(normal(last)):
            name = (f"{first.capitalize()} {last}", match.start(), match.end())
            finding = _person(call, turn, name, 0.65)
            if finding is not None:
                yield finding


def _confirmed(call: Call, turn: Turn) -> Iterator[Finding]:
    """Whom our colleague asks for, when the other says yes: "Is this James Whitfield?" - "Speaking"."""
    after = call.after(turn)
    if after is None or not CONFIRMS.search(normal(after.text)):
        return
    for words, start, end in _names(turn):
        asks = ASKS_FOR.search(normal(turn.text[max(0, start - 30) : start])) is not None
        if asks and turn.text[end : end + 1] == "?" and _looks_named(words):
            finding = _person(call, turn, (words, start, end), 0.8)
            if finding is not None:
                yield finding


def _settled(words: str, start: int, after: str) -> bool:
    """After a weak cue ("это", "it's") a name needs a second sign: where it stands, or what follows."""
    follows = re.search(
        r"^\W{0,2}(?:from|with|at|calling|of|из|с|компани|фирм|here|speaking|по поводу)\b|^\W*компани", after
    )
    early = start < EARLY
    several = len(words.split()) > 1
    return follows is not None or (several and _looks_named(words)) or (early and _looks_named(words))


def _looks_named(words: str) -> bool:
    """A Russian name by the dictionary; an English one by having two words or more."""
    parts = [normal(word) for word in re.split(r"[\s-]+", words)]
    russian = any("а" <= letter <= "я" for letter in words.lower())
    return any(name_tags(part) for part in parts) if russian else 1 < len(parts) <= MAX_NAME


def _opens(turn: Turn, words: str, start: int, end: int) -> bool:
    """Such as "Добрый день. Татьяна Белова, фирма ...": a full name of its own, set off, early in the turn."""
    full = len(words.split()) > 1 and _looks_named(words)
    follows = re.match(r",? (?:from|with|at|of|from the) [A-Z]", turn.text[end : end + 20])
    named = (
        re.match(r", [A-Z]", turn.text[end : end + 3]) is not None
        and HAILED.search(normal(turn.text[:start])) is not None
    )
    if full and words.isascii() and (named or any(m.start() == start for m in BARE.finditer(turn.text))):
        return True
    if full and follows and words.isascii() and start < EARLY_ANSWER:
        return True
    before = ROLE.sub("", turn.text[:start]).rstrip()
    greeted = GREETED.search(normal(before)) is not None
    alone = greeted or not before or before[-1:] in {".", "!", "?", ","}
    return (
        full
        and alone
        and start < EARLY
        and (greeted or turn.text[end : end + 1] in {",", ".", ""})
        and _dictionary(words)
    )


def _dictionary(words: str) -> bool:
    """Whether every word is a name by the dictionary; English names have no such proof."""
    return all(name_tags(normal(word)) for word in words.split())


def _is_person(words: str, before: str) -> bool:
    """Not an organisation: the dictionary or natasha takes at least one Russian word for a name."""
    if not any("а" <= letter <= "я" for letter in words.lower()):
        return True
    tags = [name_tags(normal(word)) for word in re.split(r"[\s-]+", words)]
    sure_cue = re.search(r"(?:зовут|имя|фамилия)\W*$", before) is not None
    return sure_cue or any(tags) or any(n.kind == "PER" for n in names_in(before + words) if n.text in words)


def _person(call: Call, turn: Turn, name: tuple[str, int, int], sure: float) -> Finding | None:
    """The finding of a name: nominative, told from our colleagues, matched with people of the CRM."""
    words, start, end = name
    value = full_name(" ".join(words.split())) if call.language == "ru" else " ".join(words.split())
    if sure < 0.9 and is_colleague(call, value):
        return None
    known = call.request.people
    expected = call.request.client.person
    people = [expected, *known] if expected is not None else known
    match = person_match(value, [person.name for person in people])
    match = match or _colleague_of(
        call, value, [person.organisation or "" for person in people], [p.name for p in people]
    )
    if match is None:
        return found(turn, (start, end), "person", value, signs={"introduction": sure})
    person = people[match.index]
    signs = known_signs({"introduction": sure}, 0.05, match.score)
    return found(turn, (start, end), "person", person.name, signs=signs, known_id=person.id)


def _colleague_of(call: Call, value: str, organisations: list[str], names: list[str]) -> Match | None:
    """A name that is only roughly like that of a person whose organisation is named in the same call."""
    said = [name for name in set(organisations) if name and mentions(tokenize(call.transcript.text), [name])]
    near = [index for index, name in enumerate(organisations) if name in said]
    scores = [(fuzz.token_sort_ratio(normal(value), normal(names[index])), index) for index in near]
    best = max(scores, default=(0.0, 0))
    return Match(best[1], best[0]) if best[0] >= ROUGHLY and len(value.split()) > 1 else None


def is_colleague(call: Call, name: str) -> bool:
    """Whether a name is one of ours: the whole name, or a first name that a colleague has."""
    words = normal(name).split()
    for colleague in call.request.colleagues:
        parts = normal(colleague.name).split()
        if fuzz.token_sort_ratio(" ".join(words), " ".join(parts)) >= SAME_PERSON:
            return True
        if len(words) == 1 and any(likeness(words[0], part) >= SAME_PERSON for part in parts):
            return True
    return False


def _addressed(call: Call, turn: Turn) -> Iterator[Finding]:
    """Such as "Thank you, Mr. Brown", "Марина Сергеевна, добрый день": what our colleague calls the client."""
    tokens = tokenize(turn.text)
    titled = {
        tokens[i + 1 + (tokens[i + 1].text == ".")].start for i in range(len(tokens) - 2) if tokens[i].norm in TITLES
    }
    for words, start, end in _names(turn):
        before, after = normal(turn.text[max(0, start - 25) : start]), turn.text[end : end + 2]
        by_title = start in titled
        russian = any("а" <= letter <= "я" for letter in words.lower())
        polite = russian and any("Patr" in name_tags(normal(word)) for word in words.split())
        set_off = after[:1] in {",", ".", "!", "?"} and (VOCATIVE.search(before) is not None or start == 0)
        named = bool(name_tags(normal(words.split()[0]))) if russian else set_off
        introduces = any(cue.search(before) for _, cue in SELF) or AFTER_NAME.search(normal(turn.text[end : end + 30]))
        opens = start == 0 and turn.index > 0 and after[:1] == "," and _dictionary(words)
        called = named and set_off and (VOCATIVE.search(before) is not None or opens)
        if introduces or not (by_title or (polite and set_off) or called):
            continue
        value = full_name(words) if russian else words
        known = _by_surname(call, words) if by_title else None
        if known is not None:
            yield found(
                turn,
                (start, end),
                "person",
                known.name,
                signs={"addressed": 0.6, "known_record": 0.1},
                known_id=known.id,
            )
            continue
        if not is_colleague(call, value) and likeness(value, call.request.company.name) < CLIENT_LIKENESS:
            yield found(turn, (start, end), "person", value, signs={"addressed": 0.6})


def _by_surname(call: Call, surname: str) -> KnownPerson | None:
    """The only person of the CRM with this surname."""
    same = [p for p in call.request.people if likeness(p.name.split()[-1], surname) >= SAME_PERSON]
    return same[0] if len(same) == 1 else None


def _expected(call: Call) -> list[Finding]:
    """The client whom the caller of this module expects, when the name is said at all."""
    person = call.request.client.person
    if person is None:
        return []
    findings = []
    for turn in call.turns:
        tokens = tokenize(turn.text)
        for mention in mentions(tokens, [person.name]):
            span = tokens[mention.first].start, tokens[mention.last - 1].end
            findings.append(
                found(turn, span, "person", person.name, signs={"expected_client": 0.8}, known_id=person.id)
            )
    return findings


def _spelled(call: Call, finding: Finding) -> Finding:
    """A surname that the client spells letter by letter corrects the one that was heard."""
    if finding.known_id is not None or call.language != "en":
        return finding
    for turn in call.of("client"):
        match = SPELLED.search(turn.text)
        if match is None:
            continue
        letters = re.sub(r"[^A-Za-z]", "", match.group(1))
        words = str(finding.value).split()
        if fuzz.ratio(sounds(words[-1]), sounds(letters)) >= 60:
            name = " ".join([*words[:-1], letters.capitalize()])
            return found(turn, match.span(), "person", name, signs=finding.signs)
    return finding
