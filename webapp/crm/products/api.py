"""The catalogue of products in the API."""

from __future__ import annotations

from typing import Any

from flask import Response, g, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.contract import deal as contract
from webapp.crm.products import queries, service
from webapp.crm.products.messages import CreateProduct, UpdateProduct
from webapp.crm.products.models import Product
from webapp.kit.access import require_any
from webapp.web import api as web

blueprint = APIBlueprint("products_api", __name__, abp_tags=[Tag(name="products")])


class ProductPath(BaseModel):
    """Which product."""

    product_id: int = Field(ge=1, lt=2**31)


def _body(product: Product) -> dict[str, Any]:
    return web.shown(g.actor, "product", contract.Product, product)


@blueprint.get("/products", responses={200: contract.ProductList})
def list_products(query: web.ListQuery) -> Response:
    """Products, by name."""
    require_any(g.actor, "product", "view")
    found = queries.listed(g.session, queries.matching(g.actor, query.q), after=query.after, limit=query.limit)
    return web.listing((_body(one) for one in found.rows), found.next)


@blueprint.post("/products", responses={201: contract.Product})
def create_product(body: contract.NewProduct) -> Response:
    """Add a product."""
    product = service.create(g.session, g.actor, CreateProduct(**web.values(body)))
    fresh = queries.get(g.session, g.actor, product.id)
    return web.answer(_body(fresh), 201, url_for("products_api.get_product", product_id=product.id))


@blueprint.get("/products/<int:product_id>", responses={200: contract.Product})
def get_product(path: ProductPath) -> Response:
    """One product."""
    return web.answer(_body(queries.get(g.session, g.actor, path.product_id)))


@blueprint.patch("/products/<int:product_id>", responses={200: contract.Product})
def change_product(path: ProductPath, body: contract.ProductChange) -> Response:
    """Change fields of a product."""
    command = UpdateProduct(path.product_id, web.changes(body), body.version)
    return web.answer(_body(service.update(g.session, g.actor, command)))


@blueprint.delete("/products/<int:product_id>")
def delete_product(path: ProductPath) -> Response:
    """Delete a product."""
    service.delete(g.session, g.actor, path.product_id)
    return Response(status=204)
