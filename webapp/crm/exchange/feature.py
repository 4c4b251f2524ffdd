"""What other systems read and write."""

from __future__ import annotations

from webapp.crm.exchange.api import blueprint, schemas_blueprint
from webapp.kit.feature import Feature

FEATURE = Feature(
    name="exchange",
    blueprints=(schemas_blueprint,),
    apis=(blueprint,),
    public_endpoints=frozenset({"contract.index", "contract.show"}),
)
