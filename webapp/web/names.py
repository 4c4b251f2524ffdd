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
# What is wrong with an answer that was of no use.
COMPLAINTS = {
    "wrong": N_("It is wrong"),
    "incomplete": N_("Something is missing"),
    "outdated": N_("It is out of date"),
    "source": N_("The source does not say so"),
    "unclear": N_("It is unclear"),
    "other": N_("Something else"),
}
# What spoke for a value or against it, by the names that modules give.
CONTRIBUTIONS = {
    "addressed": N_("Somebody is addressed so"),
    "asked_for": N_("The client asks for it"),
    "beside_product": N_("Said beside the product"),
    "catalogue": N_("Stands in the catalogue"),
    "clear_words": N_("Said in clear words"),
    "count": N_("A number that counts"),
    "currency_named": N_("The currency is named with it"),
    "date": N_("A date is named"),
    "deadline": N_("A deadline is named"),
    "does_not_work": N_("The client says that it does not work"),
    "exact_address": N_("The address was spelt out"),
    "expected_client": N_("Fits the client of this call"),
    "firmness": N_("How firmly it is promised"),
    "guessed_address": N_("The address was pieced together"),
    "introduction": N_("Somebody introduces themselves"),
    "known_record": N_("Known to the CRM already"),
    "misheard": N_("The name was heard differently"),
    "only_heard": N_("A name that only the recognition gives: the CRM does not know it"),
    "model": N_("The language model says so"),
    "model_agrees": N_("The language model agrees"),
    "not_said_by_client": N_("It was not the client who said it"),
    "numbered_name": N_("A name with a number"),
    "only_such_product": N_("The only such product in the catalogue"),
    "promise": N_("Somebody promises it"),
    "said_apart": N_("Said apart from what it belongs to"),
    "said_back": N_("Repeated by the other side"),
    "spoken_of": N_("The call speaks of such a value"),
    "unit": N_("Said with its unit"),
    "vague": N_("Said vaguely"),
    "valid_number": N_("A number that can exist"),
    "words": N_("The words around it"),
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
