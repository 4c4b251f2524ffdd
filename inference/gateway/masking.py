"""The veil of one run: what its policy hides is hidden on the way to a model and put back on the way to the caller."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from inference.anonymise import CLASSES, PASS_THROUGH, KnownValue, Masker, Restorer, SafeText, anonymise
from inference.gateway.policy import Policy
from inference.gateway.problems import GatewayProblem

Result = TypeVar("Result")

# Recognition takes milliseconds a page: one thread for it keeps the door open for everyone else meanwhile.
THREAD: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="masking")
KNOWN_KINDS: Final = {
    "person": "person",
    "people": "person",
    "colleagues": "person",
    "contacts": "person",
    "organisation": "organisation",
    "organisations": "organisation",
    "company": "organisation",
    "companies": "organisation",
    "phone": "phone",
    "phones": "phone",
    "email": "email",
    "emails": "email",
    "address": "address",
    "addresses": "address",
}
"""Which field of a module's input names values of which class of personal data."""
LOGGED_TEXTS: Final = frozenset({"value", "quote"})
"""Which fields of a piece of evidence are words of somebody."""


class PersonalDataRefused(GatewayProblem):
    """The text holds personal data that this policy shows to no model. Names classes and counts, never a value."""

    kind = "personal-data"
    title = "The text holds personal data"
    status = 403
    verdict = "refused"

    def __init__(self, policy: str, found: Mapping[str, int]) -> None:
        counts = ", ".join(f"{name} ({count})" for name, count in sorted(found.items()))
        super().__init__(
            f"Policy '{policy}' refuses texts with personal data; found: {counts}. Remove it and ask again."
        )
        self._found = dict(found)

    def body(self) -> dict[str, Any]:
        """Return the problem details, with the count of each class."""
        return {**super().body(), "classes": self._found}


class Veil:
    """Hides and restores the texts of one run. Its map is never written anywhere and ends with the run."""

    def __init__(self, rules: Policy, known: Sequence[KnownValue] = (), language: str = "auto") -> None:
        """Follow a policy; `known` values are hidden before any are recognised."""
        self._rules = rules
        shown = rules.shows_all
        hidden = frozenset() if shown else frozenset(name for name in CLASSES if rules.treatment(name) != "pass")
        self._masker = Masker(language, known, hidden) if hidden else None  # type: ignore[arg-type]
        self._found: Counter[str] = Counter()

    @property
    def active(self) -> bool:
        """Whether the policy hides or refuses anything at all."""
        return self._masker is not None

    @property
    def masks(self) -> bool:
        """Whether the policy replaces something by placeholders."""
        return self.active and any(self._rules.treatment(name) == "mask" for name in CLASSES)

    async def aside(self, work: Callable[..., Result], *given: Any) -> Result:
        """Do work with this veil beside the event loop; at once where there is nothing to recognise."""
        if self._masker is None:
            return work(*given)
        return await asyncio.get_running_loop().run_in_executor(THREAD, work, *given)

    def hide(self, text: str) -> SafeText:
        """Return the text as a model may see it. Raises PersonalDataRefused."""
        safe = anonymise(text, PASS_THROUGH if self._masker is None else self._masker)
        refused = {name: count for name, count in safe.found.items() if self._rules.treatment(name) == "refuse"}
        if refused:
            raise PersonalDataRefused(self._rules.name, refused)
        return safe

    def hide_all(self, value: Any) -> Any:
        """Return a JSON value with every text in it hidden, names of fields apart. Raises PersonalDataRefused."""
        return mapped(value, lambda text: self.hide(text).text)

    def restore(self, text: str) -> str:
        """Put the originals back into a text of the model."""
        return text if self._masker is None else self._masker.restore(text)

    def restore_json(self, text: str) -> str:
        """Put the originals back into the texts inside JSON; what is no JSON object or list is taken as plain text."""
        if self._masker is None:
            return text
        try:
            found = json.loads(text)
        except ValueError:
            return self.restore(text)
        if not isinstance(found, (dict, list)):
            return self.restore(text)
        restored = mapped(found, self.restore)
        return text if restored == found else json.dumps(restored, ensure_ascii=False)

    def restorer(self, *, in_json: bool = False) -> Restorer | None:
        """Return what restores an answer that comes in pieces; None where nothing was hidden."""
        return None if self._masker is None else self._masker.restorer(in_json=in_json)

    def for_log(self, feature: dict[str, Any]) -> dict[str, Any]:
        """Return a piece of evidence as the log may keep it: what was hidden in this run is hidden again."""
        if self._masker is None:
            return feature
        masker, surfaces = self._masker, sorted(self._masker.placeholders().items(), key=lambda item: -len(item[1]))

        def hidden(text: str) -> str:
            text = anonymise(text, masker).text
            for placeholder, surface in surfaces:
                text = text.replace(surface, placeholder) if surface else text
            return text

        return {name: mapped(value, hidden) if name in LOGGED_TEXTS else value for name, value in feature.items()}


def mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Return a JSON value with every text in it changed; the names of fields stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [mapped(item, change) for item in value]
    if isinstance(value, dict):
        return {name: mapped(item, change) for name, item in value.items()}
    return value


def known_values(value: Any, kind: str | None = None) -> Iterator[KnownValue]:
    """Yield the people, organisations, phones and addresses that a module's input names."""
    if isinstance(value, str):
        if kind is not None and value.strip():
            yield KnownValue(kind, value.strip())
    elif isinstance(value, list):
        for item in value:
            yield from known_values(item, kind)
    elif isinstance(value, dict):
        for name, item in value.items():
            inner = kind if name == "name" else KNOWN_KINDS.get(name)
            if inner is not None or isinstance(item, (dict, list)):
                yield from known_values(item, inner)
