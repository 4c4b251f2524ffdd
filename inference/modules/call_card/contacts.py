"""The client's telephone numbers and e-mail addresses."""

import re

from inference.modules.call_card.findings import Call, Finding, found
from inference.modules.call_card.transcript import Turn
from inference.text.emails import find_emails
from inference.text.phones import find_phones
from inference.text.tokens import normal

BEFORE, AFTER = 60, 30
OURS_TO_CLIENT = re.compile(
    r"\b(?:ваш(?:у|ему|ей|его|им)?|your)\b(?!.{0,25}\b(?:записать|записываю)).{0,30}$|"
    r"(?:звонил[аи]?|called|dialled|dialed|rang|wrote to|писал[аи]?) (?:вам |you )?(?:по|на|at|on|to).{0,25}$"
)
OURS = re.compile(
    r"\b(?:наш(?:у|ему|ей|его|им)?|our|us|нам|мой|моя|мою|my|горяч\w+ лини\w+|hotline|support line|me)\b.{0,40}$|"
    r"(?:позвоните|звоните|пишите|напишите|call us|write to us|reach us)\b.{0,30}$"
)
READS_BACK = re.compile(
    r"\b(?:ваш(?:у|ему|ей)?|your|верно|правильно|записал[аи]?|повторю|right|correct|"
    r"so that's|let me repeat|confirm)\b"
)
CUE = re.compile(
    r"номер|телефон|звон|набер|связ|number|phone|call|reach|mobile|cell|почт|"
    r"мейл|мэйл|e-?mail|адрес|address|пиш|write"
)
OTHER_NUMBER = re.compile(
    r"\b(?:заказ\w*|сч[её]т\w*|договор\w*|инн|артикул\w*|order|invoice|contract|account|tracking)\b\W*"
)
CORRECTION = re.compile(r"\b(?:нет|ой|точнее|вернее|ошиб\w+|извините|sorry|no,|wait|correction|i mean|actually)\b")


def find_contacts(call: Call) -> list[Finding]:
    """Every number and address that is the client's own, a corrected one only in its last form."""
    findings: list[Finding] = []
    for turn in call.turns:
        findings += _phones(call, turn)
        findings += _emails(turn)
    return findings


def _phones(call: Call, turn: Turn) -> list[Finding]:
    kept: list[tuple[int, Finding]] = []
    for phone in find_phones(turn.text, call.regions):
        before = normal(turn.text[max(0, phone.start - BEFORE) : phone.start])
        cued = _is_cued(call, turn, before, normal(turn.text[phone.end : phone.end + AFTER]))
        if not _is_clients(turn, before) or OTHER_NUMBER.search(before[-25:]):
            continue
        if not phone.valid and not cued:
            continue
        signs = {"valid_number": 0.8} if phone.valid else {}
        signs |= {"spoken_of": 0.12 if phone.valid else 0.6} if cued else {}
        signs |= _by_whom(turn)
        if kept and CORRECTION.search(normal(turn.text[kept[-1][0] : phone.start])):
            kept.pop()
        kept.append((phone.end, found(turn, (phone.start, phone.end), "phone", phone.e164, signs=signs)))
    return [finding for _, finding in kept]


def _emails(turn: Turn) -> list[Finding]:
    kept: list[tuple[int, Finding]] = []
    for email in find_emails(turn.text):
        before = normal(turn.text[max(0, email.start - BEFORE) : email.start])
        if not _is_clients(turn, before):
            continue
        signs = ({"exact_address": 0.92} if email.exact else {"guessed_address": 0.65}) | _by_whom(turn)
        if kept and CORRECTION.search(normal(turn.text[kept[-1][0] : email.start])):
            kept.pop()
        kept.append((email.end, found(turn, (email.start, email.end), "email", email.address, signs=signs)))
    return [finding for _, finding in kept]


def _by_whom(turn: Turn) -> dict[str, float]:
    """What it takes away that somebody else than the client says it."""
    return {} if turn.speaker == "client" else {"not_said_by_client": -0.12}


def _is_cued(call: Call, turn: Turn, before: str, after: str) -> bool:
    """Whether anybody speaks of a number or of calling."""
    asked = call.before(turn)
    return CUE.search(before + " " + after) is not None or (
        asked is not None and CUE.search(normal(asked.text)) is not None
    )


def _is_clients(turn: Turn, before: str) -> bool:
    """The client's own, said by the client, or read back by the colleague."""
    if turn.speaker == "client":
        return OURS_TO_CLIENT.search(before) is None
    if turn.speaker == "colleague":
        back = READS_BACK.search(before) is not None or READS_BACK.search(normal(turn.text)[-40:]) is not None
        return back and OURS.search(before) is None
    return OURS.search(before) is None
