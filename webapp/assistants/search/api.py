"""Search in the API."""

from __future__ import annotations

from flask import Response, g, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.contract import search as contract
from webapp.assistants.search import finding

api = APIBlueprint("search_api", __name__, abp_tags=[Tag(name="search")])


class SearchQuery(BaseModel):
    """What to search for; `kind` narrows to one entity (person, organisation, deal, communication, document, ...)."""

    q: str = Field(default="", max_length=2000)
    kind: str = ""
    limit: int = Field(default=20, ge=1, le=100)


@api.get("/search", responses={200: contract.SearchResults})
def search_records(query: SearchQuery) -> Response:
    """Records that the asker may see, best first."""
    kinds = (query.kind,) if query.kind else ()
    found = finding.find_all(g.session, g.actor, g.parts, query.q, kinds=kinds, limit=query.limit)
    items = [
        contract.SearchResult(
            type=r.type,
            id=r.id,
            title=r.title,
            snippet=r.plain,
            url=r.url,
            second=r.second,
            page=r.page,
            score=r.score,
        )
        for r in found.results
    ]
    return jsonify(contract.SearchResults(items=items, degraded=found.degraded).model_dump(mode="json"))
