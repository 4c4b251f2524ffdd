"""`ostrov anonymise`: masks a text from standard input; needs no database and no running service."""

from __future__ import annotations

import json
import sys
from typing import Literal, cast

import click

from appliance.cli.problem import Problem
from inference.anonymise.masker import Masked, Masker
from inference.anonymise.spans import CLASSES


@click.command()
@click.option(
    "--lang",
    type=click.Choice(["ru", "en", "auto"]),
    default="auto",
    help="Language of the text; auto decides for each sentence.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the masked text and the spans that were masked.")
@click.option(
    "--classes", default="", help="Mask these classes alone, separated by commas: " + ", ".join(CLASSES) + "."
)
def anonymise(lang: str, classes: str, *, as_json: bool) -> None:
    """Read a text from standard input and print it with personal data masked."""
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"Standard input is not UTF-8: byte {error.start + 1} does not fit."
        raise Problem(message, "Convert it first, for example: iconv -f CP1251 -t UTF-8") from error
    wanted = frozenset(name.strip() for name in classes.split(",") if name.strip())
    try:
        masker = Masker(cast("Literal['ru', 'en', 'auto']", lang), classes=wanted or None)
    except ValueError as error:
        message = f"--classes is wrong: {error}."
        raise Problem(message, "Leave the option out to mask every class.") from error
    masked = masker.mask(text)
    output = f"{_as_json(masked)}\n" if as_json else masked.text
    sys.stdout.buffer.write(output.encode("utf-8", "replace"))


def _as_json(masked: Masked) -> str:
    spans = [{"start": span.start, "end": span.end, "class": span.kind, "text": span.text} for span in masked.spans]
    return json.dumps({"text": masked.text, "spans": spans}, ensure_ascii=False)
