"""The colleague who answers the telephone, when the CRM did not say who works for us."""

import re

from appliance.contract.modules import CallCardInput, Colleague
from inference.text.matching import likeness
from inference.text.russian import name_tags
from inference.text.tokens import normal, vocabulary

OFFERS_HELP = re.compile(
    r"\b(?:how (?:can|may) (?:i|we) help|what can (?:i|we) do for you|thanks? (?:you )?for calling|"
    r"чем (?:я )?могу (?:вам )?(?:помочь|быть полез\w+)|слуша(?:ю|ет)(?: вас)?|оператор|горячая линия|"
    r"техподдержка|техническая поддержка|speaking|here)\b"
)
NAMED = re.compile(
    r"\b(?:this is|my name is|my name's|i'm|меня зовут|оператор|менеджер|специалист)\W+(?P<after>\w+)|"
    r"(?P<before>\w+)(?:\W+speaking|\W+here|\W+слуша(?:ю|ет)|\W+чем (?:я )?могу|\W+how (?:can|may))"
)
NOBODY = vocabulary("вас я вам you i we and so hi hello здравствуйте добрый день утро вечер алло помощь support")
FIRST = 2
SAME = 85.0


def with_hosts(request: CallCardInput) -> CallCardInput:
    """The request with the first names of those who answer an incoming call among the colleagues."""
    segments = [segment for segment in request.communication.segments if segment.text.strip()]
    if request.communication.direction == "out" or not segments:
        return request
    opening = segments[0].text
    if not OFFERS_HELP.search(normal(opening)):
        return request
    known = [normal(colleague.name) for colleague in request.colleagues]
    hosts = [
        opening[match.start(name) : match.end(name)]
        for match in NAMED.finditer(normal(opening))
        for name in ("after", "before")
        if match.group(name) and _is_name(match.group(name), opening[match.start(name) : match.end(name)])
    ]
    new = [name for name in hosts if all(likeness(name, word) < SAME for full in known for word in full.split())]
    if not new:
        return request
    colleagues = [*request.colleagues, *(Colleague(name=name) for name in new)]
    return request.model_copy(update={"colleagues": colleagues})


def _is_name(word: str, spoken: str) -> bool:
    """A capitalised word, or a Russian first name by the dictionary."""
    if word in NOBODY or len(word) < FIRST:
        return False
    russian = "а" <= word[0] <= "я"
    return "Name" in name_tags(word) if russian else spoken[0].isupper() or spoken.islower()
