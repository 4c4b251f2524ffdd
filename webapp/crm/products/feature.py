"""Products as a feature of the product."""

from __future__ import annotations

from flask import url_for

from webapp.crm.products import api, queries, views
from webapp.kit.feature import Feature, NavItem
from webapp.kit.i18n import N_
from webapp.kit.searchable import SearchSource

FEATURE = Feature(
    name="products",
    blueprints=(views.blueprint,),
    apis=(api.blueprint,),
    nav=(NavItem(N_("Products"), "products.index", "package", 70, "product"),),
    search=SearchSource(
        entity="product",
        label=N_("Product"),
        icon="package",
        visible_ids=queries.visible_ids,
        url=lambda record_id: url_for("products.show", product_id=record_id),
    ),
)
