"""The product, feature by feature: read this tuple to know what Ostrov's web application does."""

from __future__ import annotations

from webapp.assistants.answer.feature import FEATURE as ANSWER
from webapp.assistants.call_card.feature import FEATURE as CALL_CARD
from webapp.assistants.control.feature import FEATURE as CONTROL
from webapp.assistants.quality.feature import FEATURE as QUALITY
from webapp.assistants.search.feature import FEATURE as SEARCH
from webapp.crm.audit.feature import FEATURE as AUDIT
from webapp.crm.communications.feature import FEATURE as COMMUNICATIONS
from webapp.crm.deals.feature import FEATURE as DEALS
from webapp.crm.documents.feature import FEATURE as DOCUMENTS
from webapp.crm.events.feature import FEATURE as EVENTS
from webapp.crm.exchange.feature import FEATURE as EXCHANGE
from webapp.crm.organisations.feature import FEATURE as ORGANISATIONS
from webapp.crm.people.feature import FEATURE as PEOPLE
from webapp.crm.products.feature import FEATURE as PRODUCTS
from webapp.crm.tasks.feature import FEATURE as TASKS
from webapp.crm.users.feature import FEATURE as USERS
from webapp.kit.feature import Feature

FEATURES: tuple[Feature, ...] = (
    USERS,
    AUDIT,
    EVENTS,
    ORGANISATIONS,
    PEOPLE,
    PRODUCTS,
    DEALS,
    TASKS,
    COMMUNICATIONS,
    DOCUMENTS,
    EXCHANGE,
    CALL_CARD,
    SEARCH,
    ANSWER,
    QUALITY,
    CONTROL,
)
