"""Pages and fragments of documents."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, Response, flash, g, request, send_file, url_for

from webapp.crm.documents import forms, queries, service
from webapp.crm.documents.models import Document
from webapp.kit import changes, files
from webapp.kit.access import allows
from webapp.kit.errors import Forbidden, Invalid, NotFound
from webapp.kit.i18n import _
from webapp.web.page import page, redirect_to

bp = Blueprint("documents", __name__, url_prefix="/documents", template_folder="templates")
PAGE_SIZE = 30
MEGABYTE = 1024 * 1024


@bp.get("")
def index() -> Response:
    """All documents that the actor may see, the latest first."""
    asked = request.args.get("q", "")
    statement = queries.matching(g.actor, asked)
    found = queries.listed(g.session, statement, after=request.args.get("after"), limit=PAGE_SIZE)
    return page("documents/index.html", block="rows", found=found, asked=asked, errors={}, **_upload_facts())


@bp.post("")
def upload() -> Response:
    """Take a file; the answer is its page, or the form with what is wrong with it."""
    try:
        document, already = service.receive(g.session, g.actor, _arrived())
    except Invalid as error:
        chosen = request.form.get("organisation_id", "")
        facts = {"errors": error.errors, "organisation_id": chosen, **_upload_facts()}
        return page("documents/new.html", block="form", status=422, **facts)
    if already:
        flash(_("This file is here already: nothing was stored twice."), "info")
    return redirect_to(url_for(".show", document_id=document.id))


@bp.get("/new")
def new() -> Response:
    """The page on which a file is uploaded."""
    chosen = request.args.get("organisation_id", "")
    return page("documents/new.html", errors={}, organisation_id=chosen, **_upload_facts())


def _arrived() -> Any:
    settings = g.parts.settings
    return forms.receive_file(
        request.files.get("file"),
        settings.documents_dir,
        settings.upload_max_megabytes,
        title=request.form.get("title", ""),
        organisation_id=forms.read_organisation(request.form),
        hold=partial(files.hold, g.session),
    )


def _upload_facts() -> dict[str, Any]:
    limit = g.parts.settings.upload_max_megabytes * MEGABYTE
    return {"kinds": forms.ENDINGS, "max_bytes": limit, "may_create": g.actor.may("document", "create")}


@bp.get("/<int:document_id>")
def show(document_id: int) -> Response:
    """One document with its text."""
    document = queries.get(g.session, g.actor, document_id, with_text=g.actor.sees("document", "text"))
    changes.record(g.session, "document.viewed", "document", document.id)
    return page("documents/show.html", block="state", **_facts(document))


def _facts(document: Document) -> dict[str, Any]:
    sees_text = g.actor.sees("document", "text")
    return {
        "document": document,
        "sheets": document.text if sees_text and "text" in document.__dict__ else [],
        "may_read": sees_text,
        "may_edit": allows(g.actor, document, "edit"),
        "may_delete": allows(g.actor, document, "delete"),
    }


@bp.get("/<int:document_id>/state")
def state(document_id: int) -> Response:
    """How far a document has come; when it has been read, its page is shown anew."""
    document = queries.get(g.session, g.actor, document_id)
    if document.state != "received":
        return redirect_to(url_for(".show", document_id=document.id))
    return page("documents/state.html", document=document)


@bp.get("/<int:document_id>/file")
def download(document_id: int) -> Response:
    """The file as it was uploaded."""
    document = queries.get(g.session, g.actor, document_id)
    if not g.actor.sees("document", "text"):
        raise Forbidden(field="text")
    path = g.parts.settings.documents_dir / document.sha256
    if not path.is_file():
        raise NotFound(_("The file is not on this server any more"))
    changes.record(g.session, "document.downloaded", "document", document.id)
    # Never shown inside a page of ours: a file from outside is only ever saved.
    return send_file(
        path, mimetype=document.media_type, as_attachment=True, download_name=document.filename, etag=document.sha256
    )


@bp.post("/<int:document_id>")
def update(document_id: int) -> Response:
    """Rename a document."""
    version = request.form.get("version", "")
    document = queries.get(g.session, g.actor, document_id)
    service.update(
        g.session,
        g.actor,
        document_id,
        title=request.form.get("title", ""),
        organisation_id=document.organisation_id,
        version=int(version) if version.isdecimal() else None,
    )
    return redirect_to(url_for(".show", document_id=document_id))


@bp.post("/<int:document_id>/retry")
def retry(document_id: int) -> Response:
    """Read a file again that could not be read."""
    service.read_again(g.session, g.actor, document_id)
    return redirect_to(url_for(".show", document_id=document_id))


@bp.post("/<int:document_id>/delete")
def delete(document_id: int) -> Response:
    """Delete a document; its file goes when no other document needs it."""
    service.remove(g.session, g.actor, document_id)
    flash(_("Deleted"), "success")
    return redirect_to(url_for(".index"))


@bp.get("/of/organisation/<int:organisation_id>")
def of_organisation(organisation_id: int) -> Response:
    """The documents of an organisation: a fragment of its card."""
    found = queries.of_organisation(g.session, g.actor, organisation_id)
    return page("documents/of_organisation.html", found=found, organisation_id=organisation_id, **_upload_facts())
