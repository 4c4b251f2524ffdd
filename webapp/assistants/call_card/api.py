"""Proposals in the API: deciding about them, and taking a run back."""

from __future__ import annotations

from flask import Response, g, jsonify, request, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.contract import proposal as contract
from webapp.ai.proposals.models import Proposal
from webapp.assistants.call_card import accept, shown, undo, why
from webapp.crm.communications import queries
from webapp.kit.errors import Invalid
from webapp.kit.i18n import N_, gettext

api = APIBlueprint("call_card_api", __name__, abp_tags=[Tag(name="proposals")])


class ProposalPath(BaseModel):
    """Which proposal."""

    proposal_id: int = Field(ge=1, lt=2**31)


class CommunicationPath(BaseModel):
    """Which communication."""

    communication_id: int = Field(ge=1, lt=2**31)


class Decided(BaseModel):
    """The proposals of a communication after a decision about all of them."""

    communication_id: int
    proposals: list[contract.Proposal]
    undone: contract.UndoResult | None = None


def of_communication(communication_id: int) -> list[contract.Proposal]:
    """The proposals that the asking actor may see, for the API of communications."""
    return [_proposal(p) for p in shown.visible(g.session, g.actor, communication_id)]


@api.get("/communications/<int:communication_id>/proposals", responses={200: Decided})
def list_proposals(path: CommunicationPath) -> Response:
    """The proposals of a communication."""
    call = queries.one(g.session, g.actor, path.communication_id)
    return _all(call.id)


@api.post("/proposals/<int:proposal_id>/accept", responses={200: contract.Proposal})
def accept_proposal(path: ProposalPath, body: contract.Decision) -> Response:
    """Accept a proposal; with `value` it is accepted with that value. Accepting again changes nothing."""
    if request.get_data().strip() and request.get_json(silent=True) is None:
        raise Invalid({"body": N_('Send JSON, such as {"value": 20}, or no body at all')})
    currency = g.parts.settings.currency
    _call, proposal = accept.accept(g.session, g.actor, path.proposal_id, currency=currency, value=body.value)
    return jsonify(_proposal(proposal).model_dump(mode="json"))


@api.post("/proposals/<int:proposal_id>/reject", responses={200: contract.Proposal})
def reject_proposal(path: ProposalPath) -> Response:
    """Reject a proposal."""
    _call, proposal = accept.reject(g.session, g.actor, path.proposal_id, currency=g.parts.settings.currency)
    return jsonify(_proposal(proposal).model_dump(mode="json"))


@api.post("/communications/<int:communication_id>/accept", responses={200: Decided})
def accept_communication(path: CommunicationPath) -> Response:
    """Accept everything that waits for a decision, in one transaction."""
    call = accept.accept_all(g.session, g.actor, path.communication_id, currency=g.parts.settings.currency)
    return _all(call.id)


@api.post("/communications/<int:communication_id>/undo", responses={200: Decided})
def undo_communication(path: CommunicationPath) -> Response:
    """Take back what was accepted from the last run; what people changed since is kept, and named."""
    call, result = undo.undo(g.session, g.actor, path.communication_id)
    taken = contract.UndoResult(reverted=result.reverted, removed=result.removed, kept=result.kept)
    return _all(call.id, taken)


@api.get("/proposals/<int:proposal_id>/why")
def why_proposal(path: ProposalPath) -> Response:
    """Why a value is proposed: the run, its versions and times, the evidence, and what was decided."""
    return jsonify(why.of_value(g.session, g.actor, g.parts.gateway, path.proposal_id).as_json())


@api.get("/communications/<int:communication_id>/why")
def why_communication(path: CommunicationPath) -> Response:
    """Why the summary and all values of the last run are what they are."""
    return jsonify(why.of_call(g.session, g.actor, g.parts.gateway, path.communication_id).as_json())


def _all(communication_id: int, undone: contract.UndoResult | None = None) -> Response:
    g.session.flush()
    found = Decided(communication_id=communication_id, proposals=of_communication(communication_id), undone=undone)
    response = jsonify(found.model_dump(mode="json"))
    response.headers["Content-Location"] = url_for(
        "communication_api.get_communication", communication_id=communication_id
    )
    return response


def _proposal(found: Proposal) -> contract.Proposal:
    names = set(contract.Proposal.model_fields) - {"communication_id", "target", "note"}
    return contract.Proposal(
        **{name: getattr(found, name) for name in names},
        communication_id=found.subject_id,
        target=f"{found.target_type}/{found.target_id}" if found.target_type else None,
        note=gettext(found.note) if found.note else "",
    )
