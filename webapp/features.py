"""The product, feature by feature: read this tuple to know what Ostrov's web application does."""

from __future__ import annotations

from webapp.crm.documents.feature import FEATURE as DOCUMENTS
from webapp.kit.feature import Feature

FEATURES: tuple[Feature, ...] = (DOCUMENTS,)
