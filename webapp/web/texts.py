"""The words that scripts of the page show, in the locale of the request."""

from __future__ import annotations

import json
from functools import lru_cache

from webapp.kit.i18n import N_, current_locale, gettext

WORDS = {
    "close": N_("Close"),
    "play": N_("Play"),
    "pause": N_("Pause"),
    "copied": N_("Copied"),
    "megabytes": N_("MB"),
    "request_failed": N_("That did not work (error {status}). Nothing was changed."),
    "server_away": N_("The server cannot be reached. Check the connection and try again."),
    "audio_failed": N_("The recording cannot be played."),
    "answer_broken": N_("The answer was cut off. Ask again."),
    "answer_slow": N_("Still reading: on this server an answer can take half a minute"),
    "upload_kind": N_("{name}: this kind of file is not taken. These are: {kinds}."),
    "upload_empty": N_("{name} is empty."),
    "upload_large": N_("{name} is {size} MB; the limit is {limit} MB."),
    "upload_sent": N_("{percent}% sent"),
    "upload_checking": N_("Sent; the server is checking the file…"),
    "upload_refused_size": N_("The server refused the file: it is too large."),
}


def script_texts() -> str:
    """The words by key as JSON, for the meta element that scripts read."""
    return _as_json(current_locale())


@lru_cache(maxsize=2)
def _as_json(_locale: str) -> str:
    return json.dumps({key: gettext(words) for key, words in WORDS.items()}, ensure_ascii=False)
