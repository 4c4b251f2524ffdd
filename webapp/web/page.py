"""Pages and fragments from one template, assets by their hashed names, redirects that htmx understands."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from jinja2_fragments.flask import render_block
from werkzeug.routing import BuildError

BUILD = Path(__file__).resolve().parent / "static" / "build"


@lru_cache(maxsize=1)
def _manifest() -> dict[str, str]:
    path = BUILD / "manifest.json"
    if not path.exists():
        return {}
    names: dict[str, str] = json.loads(path.read_text())
    return names


def asset(name: str) -> str:
    """The address of a built asset ("app.css"), with its content hash in the name."""
    return _address(name, request.script_root)


@lru_cache(maxsize=64)
def _address(name: str, _root: str) -> str:
    """Built once for a name: a list of fifty rows asks for the icons three hundred times."""
    return url_for("web.static", filename=f"build/{_manifest().get(name, name)}")


def assets_missing() -> bool:
    """Whether the assets have not been built yet."""
    return not _manifest()


def optional_url(endpoint: str, **values: Any) -> str | None:
    """The address of an endpoint, or None when the feature that has it is not part of this application."""
    try:
        return url_for(endpoint, **values)
    except BuildError:
        return None


def wants_fragment() -> bool:
    """Whether htmx asks for a part: not for boosted links, nor when it restores history (it needs the whole page)."""
    headers = request.headers
    return bool(
        headers.get("HX-Request") and not headers.get("HX-Boosted") and not headers.get("HX-History-Restore-Request")
    )


def page(template: str, *, block: str | None = None, status: int = 200, **context: Any) -> Response:
    """Answer a whole page, or its `block` alone when htmx asks for it."""
    alone = block if wants_fragment() else None
    html = render_block(template, alone, **context) if alone else render_template(template, **context)
    response = make_response(html, status)
    response.headers["Vary"] = "HX-Request"
    return response


def redirect_to(location: str) -> Response:
    """Send the browser on after a change: 303, or HX-Redirect for htmx."""
    if request.headers.get("HX-Request"):
        return Response(status=204, headers={"HX-Redirect": location})
    return make_response(redirect(location, 303))


def say(response: Response, message: str, *, kind: str = "success", link: tuple[str, str] | None = None) -> Response:
    """Let htmx show a short message beside the answer; kind: info, success, warning, error; `link`: (label, url)."""
    toast: dict[str, Any] = {"message": message, "kind": kind}
    if link:
        toast["action"] = {"label": link[0], "url": link[1]}
    response.headers["HX-Trigger"] = json.dumps({"toast": toast})  # ASCII escapes keep Russian legal in a header
    return response


def error_page(status: int, title: str, detail: str = "", remedy: str = "") -> Response:
    """An error as a page, or as a small fragment for htmx."""
    template = "errors/error.html"
    block = "error" if wants_fragment() else None
    return page(template, block=block, status=status, status_code=status, title=title, detail=detail, remedy=remedy)
