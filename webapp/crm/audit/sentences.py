"""The entries of the audit as sentences. The ids stay beside them: they are what was signed into the chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.crm.users.forms import FIELD_LABELS
from webapp.kit.i18n import N_, gettext, ngettext
from webapp.web.names import feature_name, field_name

RECORDS = {
    "person": N_("person"),
    "organisation": N_("organisation"),
    "deal": N_("deal"),
    "deal_item": N_("product in a deal"),
    "task": N_("task"),
    "communication": N_("call or note"),
    "document": N_("document"),
    "product": N_("product"),
    "stage": N_("stage"),
    "user": N_("account"),
    "team": N_("team"),
    "role": N_("role"),
    "token": N_("API token"),
    "proposal": N_("proposal"),
    "run": N_("AI run"),
    "recording": N_("recording"),
    "feature": N_("AI feature"),
    "prompt": N_("prompt"),
    "dead_letter": N_("failed job"),
    "audit": N_("audit"),
    "search_index": N_("search index"),
    "assistant": N_("assistant"),
}
# What can happen to any kind of record: how a filter calls it, and the sentence.
VERBS = {
    "created": (N_("created"), N_("Created: %(what)s")),
    "updated": (N_("changed"), N_("Changed: %(what)s")),
    "deleted": (N_("deleted"), N_("Deleted: %(what)s")),
    "viewed": (N_("opened"), N_("Opened: %(what)s")),
    "downloaded": (N_("downloaded"), N_("Downloaded: %(what)s")),
}
CHANGED = N_("Changed: %(what)s (%(fields)s)")
# What happens to one kind of record only. Variables: what (the record), and the details of the entry.
ACTIONS = {
    "access.denied": N_("Was refused: %(path)s"),
    "ai.answered": N_("The assistant answered"),
    "ai.asked": N_("Asked the assistant"),
    "ai.feature_off": N_("Switched off: %(feature)s"),
    "ai.feature_on": N_("Switched on: %(feature)s"),
    "ai.judged": N_("Said what an answer of the assistant was worth"),
    "ai.prompt_pinned": N_("Pinned version %(version)s of the prompt “%(module)s”; before: %(before)s"),
    "ai.prompt_unpinned": N_("Took the pin from the prompt “%(module)s”; before: %(before)s"),
    "ai.run": N_("A model read it: %(what)s"),
    "ai.run_read": N_("Read the log of an AI run"),
    "ai.transcribed": N_("A model wrote it down: %(what)s"),
    "audit.exported": N_("Exported the audit"),
    "audit.verified": N_("Checked the audit chain"),
    "audit.viewers_read": N_("Looked up who had opened: %(what)s"),
    "database.returned": N_("The database was brought back to an earlier moment; later entries are gone"),
    "dead_letter.all_retried": N_("Let all failed jobs run again"),
    "dead_letter.discarded": N_("Gave up a failed job"),
    "dead_letter.retried": N_("Let a failed job run again"),
    "proposal.accepted": N_("Accepted a proposed value: %(field)s"),
    "proposal.rejected": N_("Rejected a proposed value: %(field)s"),
    "role.rights_changed": N_("Changed the rights of %(what)s"),
    "role.rights_copied": N_("Copied rights to %(what)s"),
    "run.undone": N_("Took back what was accepted from: %(what)s"),
    "sample.loaded": N_("Loaded the sample company"),
    "search.reindex_begun": N_("Began to build the search index anew for the model %(model)s"),
    "user.locked": N_("Locked for %(minutes)s minutes after wrong passwords: %(what)s"),
    "user.password_changed": N_("Changed the own password"),
    "user.password_given": N_("Gave a new password: %(what)s"),
    "user.probe_closed": N_("Switched off the account by which an update was tried"),
    "user.probe_opened": N_("Switched on the account by which an update is tried"),
    "user.roles_changed": N_("Set the roles of %(what)s: %(roles)s"),
    "user.session_ended": N_("Ended an own session"),
    "user.sessions_ended": N_("Ended the sessions of %(what)s"),
    "user.sign_in_failed": N_("Could not sign in"),
    "user.signed_in": N_("Signed in"),
    "user.signed_out": N_("Signed out"),
    "user.unlocked": N_("Unlocked: %(what)s"),
}
ACCEPTED = {
    "edited": N_("Accepted with a change: %(field)s"),
    "kept": N_("Accepted, but the own value was kept: %(field)s"),
}
VARIABLES = ("path", "feature", "version", "module", "model", "before", "field", "minutes", "roles", "fields")
# Areas that a filter offers as a whole: the beginning of their actions, and what they are called.
AREAS = (
    ("user.", N_("Sign-ins and accounts")),
    ("person.", N_("People")),
    ("organisation.", N_("Organisations")),
    ("deal.", N_("Deals")),
    ("task.", N_("Tasks")),
    ("communication.", N_("Calls and notes")),
    ("document.", N_("Documents")),
    ("ai.", N_("AI runs and switches")),
    ("proposal.", N_("Decisions about proposals")),
    ("role.", N_("Roles and rights")),
    ("access.", N_("What was refused")),
    ("audit.", N_("The audit itself")),
)


def record_name(entity: str, entity_id: str) -> str:
    """A record by its kind and number; what is no kind of ours is called as it is."""
    noun = gettext(RECORDS[entity]) if entity in RECORDS else entity.replace("_", " ")
    return f"{noun} № {entity_id}" if entity_id.isdecimal() else noun


def sentence(entry: Any) -> str:
    """What happened, in words; an action that nobody has put into words is shown as it is."""
    verb = entry.action.rpartition(".")[2]
    details: Mapping[str, Any] = entry.details or {}
    template = ACTIONS.get(entry.action) or VERBS.get(verb, ("", ""))[1]
    if entry.action == "proposal.accepted":
        template = ACCEPTED.get(str(details.get("state")), template)
    if verb == "updated" and details.get("fields"):
        template = CHANGED
    if not template:
        return str(entry.action)
    return gettext(template, **_words(entry, details)) + _counted(entry.action, details)


def _words(entry: Any, details: Mapping[str, Any]) -> dict[str, str]:
    """The variables of a sentence; one that the entry does not have is a dash."""
    words = dict.fromkeys(VARIABLES, "—")
    words |= {name: str(value) for name, value in details.items() if name in words and value not in (None, "", [])}
    words["what"] = record_name(entry.entity, entry.entity_id)
    if "feature" in details:
        words["feature"] = feature_name(str(details["feature"]))
    if "module" in details:
        words["module"] = feature_name(str(details["module"]))
    if "field" in details:
        words["field"] = field_name(str(details["field"]))
    for name in ("fields", "roles"):
        if isinstance(details.get(name), list):
            words[name] = ", ".join(_field(str(item)) for item in details[name])
    return words


def _field(name: str) -> str:
    return gettext(FIELD_LABELS[name]) if name in FIELD_LABELS else field_name(name)


def _counted(action: str, details: Mapping[str, Any]) -> str:
    """The count that belongs to an AI entry, as the end of its sentence."""
    if action == "ai.run" and isinstance(details.get("proposals"), int):
        return " — " + ngettext("%(num)s proposal", "%(num)s proposals", details["proposals"])
    if action == "ai.asked" and isinstance(details.get("given"), list):
        return " — " + ngettext("%(num)s record was read", "%(num)s records were read", len(details["given"]))
    if action == "ai.answered" and isinstance(details.get("cited"), list):
        if not details.get("answered"):
            return " — " + gettext(N_("nothing was found"))
        return " — " + ngettext("%(num)s source", "%(num)s sources", len(details["cited"]))
    return ""


def action_name(action: str) -> str:
    """An action as a filter offers it."""
    entity, _dot, verb = action.rpartition(".")
    if action in ACTIONS:
        empty = gettext(ACTIONS[action]).split("%(")[0]
        return empty.rstrip(" :“«—")
    if verb in VERBS:
        noun = gettext(RECORDS[entity]) if entity in RECORDS else entity.replace("_", " ")
        return f"{noun[:1].upper()}{noun[1:]}: {gettext(VERBS[verb][0])}"
    return action


def choices(known: list[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """What the filter offers: whole areas that have entries, then single actions, each by its name."""
    areas = [(prefix, gettext(name)) for prefix, name in AREAS if any(action.startswith(prefix) for action in known)]
    single = sorted(((action, action_name(action)) for action in known), key=lambda pair: pair[1].casefold())
    return [(gettext(N_("Areas")), areas), (gettext(N_("Single actions")), single)]
