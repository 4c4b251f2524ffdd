"""All tables of the web application, for the migrations: importing this module registers every model."""

from __future__ import annotations

from webapp.ai.proposals import models as proposals
from webapp.ai.search import models as search
from webapp.crm.communications import models as communications
from webapp.crm.deals import models as deals
from webapp.crm.documents import models as documents
from webapp.crm.exchange import models as exchange
from webapp.crm.organisations import models as organisations
from webapp.crm.people import models as people
from webapp.crm.products import models as products
from webapp.crm.tasks import models as tasks
from webapp.crm.users import models as users
from webapp.kit import changes, feed, letters, once, outbox
from webapp.kit.db import Base

MODULES = (
    changes, outbox, feed, letters, once, users, organisations, people, products, deals, tasks, communications,
    documents, exchange, proposals, search,
)  # fmt: skip
metadata = Base.metadata
