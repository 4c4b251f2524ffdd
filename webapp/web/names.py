"""How AI features, and what made a value sure, are called on pages."""

from __future__ import annotations

from webapp.kit.i18n import N_, gettext

# feature -> its name, what it does, and what stops when it is off
FEATURES: dict[str, tuple[str, str, str]] = {
    "call_card": (
        N_("Reading of calls"),
        N_("Reads the transcript of a call and proposes what belongs on the client's card."),
        N_("Recordings are kept and transcribed; nothing is proposed."),
    ),
    "answer": (
        N_("Answers of the assistant"),
        N_("Answers questions from records that the asker may open, with sources."),
        N_("The assistant says that it is off; search works on."),
    ),
    "transcription": (
        N_("Transcription"),
        N_("Writes down what is said in a recording."),
        N_("Recordings are kept; they can be transcribed later."),
    ),
    "embeddings": (
        N_("Search by meaning"),
        N_("Finds records that say the same in other words."),
        N_("Search works by words alone."),
    ),
    "chat": (
        N_("Free use of the language model"),
        N_("Lets other programs on the premises use the language model with their own key."),
        N_("Other programs get no answer; the modules of the CRM work on."),
    ),
}
PROPOSED = {
    "person": N_("Person"),
    "organisation": N_("Organisation"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "intent": N_("Intent"),
    "product": N_("Product"),
    "quantity": N_("Quantity"),
    "budget": N_("Budget"),
    "currency": N_("Currency"),
    "next_step": N_("Next step"),
    "due": N_("Due"),
    "sentiment": N_("Sentiment"),
    "summary_sentences": N_("Summary"),
    "citations": N_("Source"),
}
CONTRIBUTIONS = {
    "base": N_("Usual for this field"),
    "prior": N_("Usual for this field"),
    "quote": N_("Said word for word"),
    "verbatim": N_("Said word for word"),
    "evidence": N_("Said word for word"),
    "rule": N_("Found by a rule"),
    "rules": N_("Found by a rule"),
    "pattern": N_("Has the form of such a value"),
    "format": N_("Has the form of such a value"),
    "model": N_("Said by the language model"),
    "agreement": N_("Rule and model agree"),
    "known": N_("Known to the CRM already"),
    "known_record": N_("Known to the CRM already"),
    "catalogue": N_("Stands in the catalogue"),
    "match": N_("Fits a known record"),
    "speech": N_("How clearly it was heard"),
    "asr": N_("How clearly it was heard"),
    "hearing": N_("How clearly it was heard"),
    "speaker": N_("Who said it"),
    "repeated": N_("Said more than once"),
    "retrieval": N_("How well the record fits the question"),
    "overlap": N_("Shares words with its source"),
}


def feature_name(name: str) -> str:
    """A feature or module in words; one that is not ours is called as its package calls it."""
    return gettext(FEATURES[name][0]) if name in FEATURES else name.replace("_", " ")


def feature_does(name: str) -> str:
    """What a feature does; empty for one that is not ours."""
    return gettext(FEATURES[name][1]) if name in FEATURES else ""


def feature_without(name: str) -> str:
    """What happens while a feature is off; empty for one that is not ours."""
    return gettext(FEATURES[name][2]) if name in FEATURES else ""


def field_name(name: str) -> str:
    """A field for which values are proposed, in words."""
    return gettext(PROPOSED[name]) if name in PROPOSED else name.replace("_", " ")


def contribution_name(name: str) -> str:
    """What made a value sure, in words."""
    return gettext(CONTRIBUTIONS[name]) if name in CONTRIBUTIONS else name.replace("_", " ")
