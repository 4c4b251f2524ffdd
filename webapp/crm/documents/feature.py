"""Documents: files of clients whose text can be found and cited."""

from __future__ import annotations

from flask import url_for

from webapp.crm.documents.api import api
from webapp.crm.documents.jobs import SUBSCRIBERS
from webapp.crm.documents.queries import visible_ids
from webapp.crm.documents.views import bp
from webapp.kit.feature import Feature, NavItem, Slot
from webapp.kit.i18n import N_
from webapp.kit.searchable import SearchSource

FEATURE = Feature(
    name="documents",
    blueprints=(bp,),
    apis=(api,),
    nav=(NavItem(N_("Documents"), "documents.index", "files", order=60, entity="document"),),
    subscribers=SUBSCRIBERS,
    search=SearchSource(
        entity="document",
        label=N_("Document"),
        icon="file-text",
        visible_ids=visible_ids,
        url=lambda document_id: url_for("documents.show", document_id=document_id),
    ),
    slots=(
        Slot(
            "organisation.aside",
            N_("Documents"),
            lambda organisation_id: url_for("documents.of_organisation", organisation_id=organisation_id),
            order=60,
            entity="document",
        ),
    ),
)
