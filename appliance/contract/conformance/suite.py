"""Running the suite: every check, whatever the others say, and how it went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import Any, Literal

import httpx

from appliance.contract.conformance.checks import CHECKS, Check
from appliance.contract.conformance.visit import Failed, Skipped, Visit
from appliance.contract.version import CONTRACT_VERSION

Outcome = Literal["pass", "fail", "skip"]


class Unreachable(Exception):
    """Nobody answers at the address."""


@dataclass(frozen=True)
class Result:
    """How one check went; `detail` says what the server did, `remedy` what it should do."""

    name: str
    title: str
    outcome: Outcome
    detail: str = ""
    remedy: str = ""


def run(
    base: str, token: str, *, only: Collection[str] = (), told: Callable[[Result], None] = lambda _result: None
) -> list[Result]:
    """The result of every check (or of those whose name begins with one of `only`). Raises Unreachable."""
    visit = Visit(base, token)
    try:
        visit.ask("GET", "contract/", anonymous=True)
    except httpx.HTTPError as error:
        raise Unreachable(f"{base} does not answer ({type(error).__name__}).") from None
    results = []
    try:
        for one in CHECKS:
            if not only or one.name.startswith(tuple(only)):
                results.append(_result(one, visit))
                told(results[-1])
    finally:
        visit.close()
    return results


def _result(one: Check, visit: Visit) -> Result:
    try:
        one.run(visit)
    except Failed as error:
        return Result(one.name, one.title, "fail", str(error), one.remedy)
    except Skipped as error:
        return Result(one.name, one.title, "skip", str(error))
    except httpx.HTTPError as error:
        return Result(one.name, one.title, "fail", f"the connection broke ({type(error).__name__})", one.remedy)
    except (KeyError, TypeError, AttributeError) as error:
        # What came back has another shape than the contract's, which the check stumbled over.
        return Result(one.name, one.title, "fail", f"an answer lacks what the contract names ({error})", one.remedy)
    return Result(one.name, one.title, "pass")


def summary(base: str, results: list[Result]) -> dict[str, Any]:
    """The results as JSON."""
    counts = Counter(result.outcome for result in results)
    return {
        "url": base,
        "contract": CONTRACT_VERSION,
        "passed": counts["pass"],
        "failed": counts["fail"],
        "skipped": counts["skip"],
        "checks": [asdict(result) for result in results],
    }
