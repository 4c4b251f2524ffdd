"""Real files that carry words in the ways in which words can be carried, seen or unseen."""

from __future__ import annotations

import io

import docx
import pypdf
from docx.shared import Pt, RGBColor
from pypdf.annotations import FreeText
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

PLAIN = "The saws were sent on Monday. The invoice was paid."
WORD = {"docx", "docx_hidden", "docx_white", "docx_comment", "docx_properties"}
PORTABLE = {"pdf", "pdf_white", "pdf_metadata", "pdf_annotation"}
QUOTE, APOSTROPHE = '"', "'"
PACKED = WORD | PORTABLE


def carrying(place: str, text: str) -> tuple[str, bytes]:
    """The name and the content of a file of this kind."""
    if place in WORD:
        return "terms.docx", _word(place, text)
    if place in PORTABLE:
        return "terms.pdf", _portable(place, text)
    if place == "filename":
        # A quote would end the name where the upload says it.
        return f"{text.replace('/', ' ').replace(QUOTE, APOSTROPHE)}.txt", PLAIN.encode()
    return f"terms.{place}", f"{PLAIN}\n\n{text}\n".encode()


def _word(place: str, text: str) -> bytes:
    document = docx.Document()
    paragraph = document.add_paragraph(PLAIN)
    if place == "docx_properties":
        document.core_properties.title = document.core_properties.comments = text
        document.core_properties.keywords = text[:200]
    elif place == "docx_comment":
        document.add_comment(paragraph.runs, text=text, author="Reviewer", initials="R")
    else:
        run = document.add_paragraph().add_run(text)
        run.font.hidden = place == "docx_hidden"
        if place == "docx_white":
            run.font.color.rgb, run.font.size = RGBColor(255, 255, 255), Pt(1)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _portable(place: str, text: str) -> bytes:
    """A PDF of one page; the letters of its font are those of Latin-1, so its words are English."""
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(595, 842)
    kind = {NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1")}
    font = DictionaryObject({**kind, NameObject("/BaseFont"): NameObject("/Helvetica")})
    fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    lines = [f"BT /F1 12 Tf 72 720 Td ({PLAIN}) Tj ET"]
    shown = "".join("\\" + letter if letter in "()\\" else letter for letter in text)
    if place == "pdf":
        lines.append(f"BT /F1 12 Tf 72 690 Td ({shown}) Tj ET")
    if place == "pdf_white":
        lines.append(f"1 1 1 rg BT /F1 1 Tf 72 690 Td ({shown}) Tj ET")
    stream = DecodedStreamObject()
    stream.set_data("\n".join(lines).encode("latin-1"))
    page[NameObject("/Contents")] = writer._add_object(stream)
    if place == "pdf_metadata":
        writer.add_metadata({"/Title": text, "/Subject": text, "/Keywords": text})
    if place == "pdf_annotation":
        writer.add_annotation(0, FreeText(text=text, rect=(50, 50, 300, 100)))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
