"""The product, feature by feature: read this tuple to know what Ostrov's web application does."""

from __future__ import annotations

from webapp.crm.documents.feature import FEATURE as DOCUMENTS
from webapp.crm.users.feature import FEATURE as USERS
from webapp.crm.organisations.feature import FEATURE as ORGANISATIONS
from webapp.crm.people.feature import FEATURE as PEOPLE
from webapp.kit.feature import Feature

FEATURES: tuple[Feature, ...] = (USERS, ORGANISATIONS, PEOPLE, DOCUMENTS,)
