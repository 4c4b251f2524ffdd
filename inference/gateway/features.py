"""Features that can be switched off: every module, and the plain endpoints. One that is off reaches no engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from inference.gateway.decisions import Decisions
from inference.gateway.problems import GatewayProblem

KIND = "feature"
CHAT: Final = "chat"
EMBEDDINGS: Final = "embeddings"
TRANSCRIPTION: Final = "transcription"
ENDPOINTS: Final = (CHAT, EMBEDDINGS, TRANSCRIPTION)


class FeatureOff(GatewayProblem):
    """An administrator has switched this off."""

    kind = "feature-off"
    title = "This feature is switched off"
    status = 403
    verdict = "refused"


class FeatureUnknown(GatewayProblem):
    """Nothing that can be switched has this name."""

    kind = "feature-unknown"
    title = "No feature has this name"
    status = 404
    verdict = "refused"


class Features:
    """Says what is on: as decided at run time, else as the configuration says, else on."""

    def __init__(self, modules: Iterable[str], defaults: Mapping[str, bool], decisions: Decisions) -> None:
        """Know the features. Raises FeatureUnknown when the configuration names another."""
        self._names = (*sorted(modules), *ENDPOINTS)
        self._defaults = defaults
        self._decisions = decisions
        for name in defaults:
            self._require_known(name)

    def _require_known(self, name: str) -> None:
        """Raise FeatureUnknown when there is no such feature."""
        if name not in self._names:
            message = f"There is no feature {name!r}. Known: {', '.join(self._names)}."
            raise FeatureUnknown(message)

    def is_on(self, name: str) -> bool:
        """Whether a feature may be used now."""
        decided = self._decisions.value(KIND, name)
        return decided if isinstance(decided, bool) else self._defaults.get(name, True)

    def require(self, name: str) -> None:
        """Raise FeatureOff when a feature may not be used now."""
        if not self.is_on(name):
            decision = self._decisions.of(KIND, name)
            reason = f" Reason: {decision.reason}" if decision is not None and decision.reason else ""
            message = f"The feature {name} is switched off.{reason}"
            raise FeatureOff(message)

    async def switch(self, name: str, *, on: bool, reason: str | None, actor: str | None) -> None:
        """Switch a feature from now on. Raises FeatureUnknown or DatabaseAway."""
        self._require_known(name)
        await self._decisions.decide(KIND, name, on, reason=reason, actor=actor)

    def shown(self) -> list[dict[str, Any]]:
        """Return every feature, whether it is on, and who decided that when and why."""
        found = []
        for name in self._names:
            decision = self._decisions.of(KIND, name)
            why = (None, None, None) if decision is None else (decision.reason, decision.actor, decision.at)
            found.append(
                {"feature": name, "on": self.is_on(name), **dict(zip(("reason", "by", "at"), why, strict=True))}
            )
        return found
