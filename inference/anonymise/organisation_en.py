"""Organisations in Latin letters: legal forms, kinds of business at the end, names after "at", "from" and the like."""

from __future__ import annotations

import re
from typing import Final

from inference.anonymise.names_en import NO_SURNAMES, first_names, surnames
from inference.anonymise.places import PLACES
from inference.anonymise.segments import Segment
from inference.anonymise.spans import Found

_LEGAL: Final = (
    r"(?:Ltd|LLC|L\.L\.C|Inc|Corp|Corporation|GmbH|PLC|plc|LLP|LP|Co|AG|S\.A|SA|B\.V|BV|Limited|Incorporated|Pty|Oy|AB|SpA|S\.p\.A|SARL|S\.r\.l|Srl|KG|NV|N\.V"
    r"|JSC|PJSC|OOO|ZAO|OAO|AO|OÜ|SE|SAS|ApS|AS|A/S|ASA|Oyj|K\.K|KK|Pte|Pvt|Sdn|Bhd|S\.A\.S|Ltda|Lda|Kft|Zrt|d\.o\.o|EURL|SCRL|N\.A|Sp\. ?z ?o\. ?o|sp\. ?k|s\. ?r\. ?o"
    r"|a\. ?s|A\. ?Ş|Ltd\. Şti|KGaA|OHG|GbR|mbH|UG|e\. ?K|e\. ?V|EOOD|OOD|UAB|SIA|FZE|FZCO|FZ-LLC|DMCC|WLL|S\. ?de R\. ?L|S\.A\. de C\.V|S\.L|SL|Aps|HB|hf|ehf)"
)
_BUSINESS: Final = (
    r"(?:Group|Holdings?|Industries|Logistics|Partners|Consulting|Solutions|Systems|Technologies|Technology|Services|Bank|University|Hospital|Foundation|Institute"
    r"|Associates|Enterprises|Supplies|Supply|Traders|Trading|Foods?|Motors|Labs?|Laboratories|Studios?|Media|Capital|Insurance|Pharma|Pharmaceuticals"
    r"|Electronics|Energy|Software|Networks?|Airlines|Airways|Hotels?|Clinic|Company|Builders|Construction|Engineering|Manufacturing|Brothers|Bros|Agency"
    r"|Ventures|Investments|Financial|Retail|Stores?|Textiles|Steel|Packaging|Plumbing|Printing|Press|Publishing|Farms?|Dairy|Bakery|Brewery|Robotics"
    r"|Analytics|Security|Telecom|Communications|Freight|Shipping|Transport|Airfreight|Works|Interiors|Furniture|Furnishings|Outfitters|Apparel|Imports"
    r"|Exports|Distribution|Distributors|Wholesale|Hardware|Tools|Machinery|Instruments|Optics|Dental|Medical|Health|Healthcare|Care|College|School|Academy"
    r"|Properties|Realty|Estates?|Council|Trust|Society|Union|Club|Cooperative|Collective|Dynamics|Aerospace|Automotive|Chemicals|Plastics|Paper|Lumber"
    r"|Timber|Roofing|Landscaping|Catering|Coffee|Roasters|Kitchens?|Design|Designs|Digital|Cloud|Data|Computing|Semiconductors|Biotech|Sciences?|Goods"
    r"|District|Authority|Commission|Municipality|Borough|Library|Museum|Theatre|Gallery|Mills?|Foundry|Shipyard|Marine|Couriers?|Recruitment|Staffing|Law|Legal|Accountants|Advisors|Advisory|Wealth|Mutual|Credit Union)"
)
_WORD: Final = r"(?:[A-Z][\w'-]*[A-Za-z0-9]|[A-Z]|\d{1,4})"
_JOINED: Final = rf"(?:{_WORD}(?:,? (?:& |and |of |the )?{_WORD}){{0,4}})"
FORMED = re.compile(
    rf"(?<![\w@.-])(?!{_LEGAL}\W){_WORD}(?:(?:,? & |,? and | of | |, ){_WORD}){{0,5}},? (?:\((?:Pty|Pvt|Private|HK|UK|Holdings|[A-Z]\w+)\) )?{_LEGAL}(?:\.?(?:,? (?:Ltd|Inc|LLC|Limited|Bhd))?(?: & Co\.?)?(?: (?:KGaA|KG|OHG))?)?(?![\w])(?:\.(?=\s[a-z,)]))?"
)
QUOTED_FIRST = re.compile(rf"(?<![\w@.-])(?:{_WORD} ){{0,2}}[\"“«][^\"”»\n]{{2,40}}[\"”»],? {_LEGAL}(?!\w)")
FORM_FIRST = re.compile(
    r"(?<!\w)(?:LLC|JSC|PJSC|OOO|ZAO|OAO|AO|CJSC|IP|PT|UAB|SIA|TOO|Stichting|Fundacja|Fundaci[óo]n|Fondation|Fondazione|Stiftung|Asociaci[óo]n|Coop[eé]rativ[ae])\s(?:[\"“«][^\"”»\n]{2,50}[\"”»]|[A-Z][\w-]+(?:\s[A-Z][\w-]+){0,3})"
)
OF_BUSINESS = re.compile(
    rf"(?<![\w@.-])(?:St\.? )?{_WORD}(?:(?: & | and | of | ){_WORD}){{0,3}} (?:{_BUSINESS})(?: {_BUSINESS})?(?![\w-])"
    r"(?! (?:Agreement|Contract|Manager|Department|Team|Director|Policy|Terms|Desk|Plan|Report|Order|Fee|Level)s?\b)"
)
AMPERSAND = re.compile(
    r"(?<![\w@.-])[A-ZÀ-Ž][\w'-]+(?: [A-Z][\w'-]+)?(?:, [A-Z][\w'-]+)? [&+] (?:[A-Z][\w'-]+)(?: [A-Z][\w'-]+)?(?![\w])"
)
UNIVERSITY = re.compile(
    r"(?<!\w)(?:University|Bank|Institute|College|City|Ministry|Department) of [A-Z]\w+(?: [A-Z]\w+)?"
)
AT = re.compile(
    rf"(?<!\w)(?:at|from|with|for|joined|join|by|behalf of|represent(?:ing|s)?|called|acquired by|switched to|contract with"
    rf"|(?:supplier|vendor|client|customer|company|competitor|partner|reseller|contractor|firm|employer|buyer|distributor|forwarder|carrier|insurer|landlord|payer"
    rf"|payee|beneficiary|consignee|shipper|manufacturer|dealer|lender|lessor|subcontractor|agency|broker)[,:]?)\s(?:the company |a company called |called )?(?P<name>{_JOINED})"
)
INNER_CAPITAL = re.compile(r"(?<![\w@.-])(?:[A-Z][a-z]+(?:[A-Z][a-z]+)+)(?![\w@])")
SMALL_LEGAL = re.compile(
    r"(?<!\w)(?P<name>(?:[a-z][\w'-]+ ){1,3}?(?:ltd|limited|llc|inc|incorporated|gmbh|plc|llp))(?!\w)"
)
SMALL_FROM = re.compile(
    r"(?<!\w)(?:calling from|here from|(?:i'm|we're|i am) with|calling on behalf of|on behalf of|i work (?:at|for)|we are|i represent|company called|company is called|company is|firm called|(?:[a-z]+ )?from)\s"
    r"(?P<name>[a-z][\w'-]+(?: [a-z][\w'-]+){0,2})"
)
SMALL_BUSINESS = re.compile(_BUSINESS, re.IGNORECASE)
INTRODUCES = re.compile(
    r"\b(?:this is|i work|we are|we're|called|i'm|i am|my name|it's|name's|calling|speaking|here|represent|behalf)\b",
    re.IGNORECASE,
)
SMALL_STOP: Final = NO_SURNAMES | frozenset(
    "work home school downtown abroad scratch time tomorrow home here there him her them us me london paris moscow berlin new york leeds manchester chicago "
    "boston texas california england scotland germany russia france spain accounting purchasing finance marketing procurement logistics support looking trying "
    "going using thinking planning having getting hoping ready able interested happy sure just".split()
)
ORDINARY: Final = (
    PLACES
    | NO_SURNAMES
    | frozenset(
        "mr mrs ms miss dr prof excel word outlook windows google linux android iphone english russian german french spanish christmas easter internet wifi usb pdf api visa mastercard "
        "paypal zoom slack teams gmail whatsapp telegram skype sms gps erp ssl vat gdpr ebay you example details purchasing finance marketing procurement logistics "
        "accounts accounting reception premium standard pro basic enterprise starter gold silver platinum model version size section page chapter level phase "
        "stage room gate terminal flight unit item batch lot part step option plan tier class grade type series".split()
    )
)
LEADING: Final = frozenset(
    "the a an our your their his her my its this that these and or but with from at for by in on to of as is was are were please thanks hi hello dear ask tell "
    "call contact if when while also we they he she it i you no yes not can could will would did does has have had met new every each any some".split()
)
RANK: Final = 66
SHAPES: Final = (
    (FORMED, RANK, None),
    (FORM_FIRST, RANK, None),
    (QUOTED_FIRST, RANK + 1, re.compile('["“«]')),
    (UNIVERSITY, 51, re.compile(" of [A-Z]")),
    (OF_BUSINESS, 52, None),
    (AMPERSAND, 51, re.compile(" [&+] ")),
    (INNER_CAPITAL, 41, None),
)
"""Patterns, how much their finds count, and a cheap one without which they cannot fit."""


def find(segment: Segment) -> list[Found]:
    """Every organisation that its form or the words before it give away."""
    text, start = segment.text, segment.start
    found: list[Found] = []
    for pattern, rank, need in SHAPES:
        if need and not need.search(text):
            continue
        for match in pattern.finditer(text):
            first = match.start() + _leading(match.group())
            if match.group().lower() in ORDINARY:
                continue
            if first < match.end() and (rank > 52 or " " in text[first : match.end()] or pattern is INNER_CAPITAL):
                found.append(Found(start + first, start + match.end(), "organisation", rank))
    named = (match for match in AT.finditer(text) if _may_be_name(match["name"]))
    found += (Found(start + m.start("name"), start + m.end("name"), "organisation", 42) for m in named)
    if segment.casing in {"lower", "first"}:
        found += _small(segment)
    return found


def _leading(words: str) -> int:
    """How many characters of a match are words before the name: "Our", "The", "Please"."""
    length = 0
    for word in words.split(" ")[:-1]:
        if word.lower().strip(",") not in LEADING:
            break
        length += len(word) + 1
    return length


def _may_be_name(words: str) -> bool:
    """Whether capital words after "at" and the like can be a firm: no person, place, month or product."""
    parts = words.lower().split()
    if parts[0] in ORDINARY or parts[-1] in ORDINARY or any(part.isdigit() for part in parts):
        return False
    person = parts[0] in first_names() or (len(parts) == 1 and (parts[0] in surnames() or "'" in parts[0]))
    return not person


def _small(segment: Segment) -> list[Found]:
    """Names in small letters, where someone says where he is from."""
    text, start = segment.text, segment.start
    found: list[Found] = []
    for match in SMALL_LEGAL.finditer(text):
        words = match["name"].split()
        while len(words) > 2 and words[0] in SMALL_STOP:
            words = words[1:]
        if words[0] not in SMALL_STOP:
            found.append(
                Found(start + match.end() - len(" ".join(words)), start + match.end(), "organisation", RANK - 1)
            )
    if not INTRODUCES.search(text):
        return found
    for match in SMALL_FROM.finditer(text):
        kept: list[str] = []
        ended = False
        for word in match["name"].split():
            business = bool(kept) and SMALL_BUSINESS.fullmatch(word) is not None
            if ended and not business:
                break
            ended = business
            if not business and (word in SMALL_STOP or word in ORDINARY):
                break
            kept.append(word)
        if kept:
            first = start + match.start("name")
            found.append(Found(first, first + len(" ".join(kept)), "organisation", 42))
    return found
