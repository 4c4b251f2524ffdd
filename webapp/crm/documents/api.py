"""Documents in the API."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from flask import Response, g, jsonify, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.file import FileStorage
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field

from appliance.contract import document as contract
from webapp.crm.documents import forms, queries, service
from webapp.crm.documents.models import Document
from webapp.kit import changes, files
from webapp.kit.i18n import gettext

api = APIBlueprint("document_api", __name__, abp_tags=[Tag(name="documents")])


class DocumentPath(BaseModel):
    """Which document."""

    document_id: int = Field(ge=1, lt=2**31)


class DocumentQuery(BaseModel):
    """Which documents, from which cursor."""

    after: str | None = None
    limit: int = Field(default=50, ge=1, le=200)
    q: str = ""


class NewDocument(BaseModel):
    """A file (pdf, docx, txt, md), what it is called and whom it belongs to."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    file: FileStorage = Field(default=cast("FileStorage", None), description="pdf, docx, txt or md")
    title: str = Field(default="", max_length=forms.LONGEST_NAME)
    organisation_id: str = ""


@api.get("/documents", responses={200: contract.DocumentList})
def list_documents(query: DocumentQuery) -> Response:
    """Documents, what has changed last first."""
    found = queries.listed(g.session, queries.matching(g.actor, query.q), after=query.after, limit=query.limit)
    items = [contract.DocumentSummary(**_summary(row)) for row in found.rows]
    return _answer(contract.DocumentList(items=items, next=found.next))


@api.post("/documents", responses={202: contract.DocumentUploaded, 200: contract.DocumentUploaded})
def upload_document(form: NewDocument) -> Response:
    """Keep a file; 202 while its text is read, 200 when the same content was there already."""
    settings = g.parts.settings
    command = forms.receive_file(
        form.file,
        settings.documents_dir,
        settings.upload_max_megabytes,
        title=form.title,
        organisation_id=forms.read_organisation({"organisation_id": form.organisation_id}),
        hold=partial(files.hold, g.session),
    )
    document, already = service.receive(g.session, g.actor, command)
    fresh = queries.get(g.session, g.actor, document.id)
    answer = contract.DocumentUploaded(**_summary(fresh), already=already)
    response = _answer(answer, 200 if already else 202)
    response.headers["Location"] = url_for(".get_document", document_id=document.id)
    return response


@api.get("/documents/<int:document_id>", responses={200: contract.Document})
def get_document(path: DocumentPath) -> Response:
    """One document with its text."""
    sees_text = g.actor.sees("document", "text")
    document = queries.get(g.session, g.actor, path.document_id, with_text=sees_text)
    changes.record(g.session, "document.viewed", "document", document.id)
    text = [contract.DocumentText(page=p.number, text=p.text) for p in document.text] if sees_text else []
    return _answer(contract.Document(**_summary(document), text=text))


@api.delete("/documents/<int:document_id>")
def delete_document(path: DocumentPath) -> Response:
    """Delete a document."""
    service.remove(g.session, g.actor, path.document_id)
    return Response(status=204)


def _answer(value: BaseModel, status: int = 200) -> Response:
    response = jsonify(value.model_dump(mode="json"))
    response.status_code = status
    return response


def _summary(document: Document) -> dict[str, Any]:
    same = ("id", "media_type", "bytes", "sha256", "pages", "organisation_id", "state", "owner_id")
    more = ("created_at", "updated_at", "version")
    named = {n: getattr(document, n) if g.actor.sees("document", n) else None for n in ("title", "filename")}
    return {name: getattr(document, name) for name in (*same, *more)} | {
        **named,
        "detail": gettext(document.state_detail) if document.state_detail else "",
        "url": url_for("documents.show", document_id=document.id),
    }
