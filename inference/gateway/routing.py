"""Which engines a request may go to, and which of them takes it now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from inference.gateway.config import ROLES, GatewayConfig, RouteConfig, role_named
from inference.gateway.engine import Engine
from inference.gateway.problems import EngineUnavailable, ModelUnknown, PolicyForbids

FALLBACK = {"fast": "chat"}
"""The role whose engines help out when a role has no engine that is ready."""


@dataclass(frozen=True)
class Wanted:
    """What a request asks for; `engines` are those that its policy allows, None for all."""

    role: str
    module: str | None = None
    data_classes: tuple[str, ...] = ()
    engines: frozenset[str] | None = None
    model: str | None = None


class Pool:
    """The engines that may serve a request, in tiers: the first tier with a ready engine works."""

    def __init__(self, role: str, tiers: Sequence[Sequence[Engine]], interactive_slots: int) -> None:
        """Bind the engines; `interactive_slots` of each are kept free of batch work where it has more than one."""
        self.role = role
        self._tiers = tiers
        self._interactive_slots = interactive_slots
        self.engines = [engine for tier in tiers for engine in tier]
        self.name = f"{role}: {', '.join(engine.name for engine in self.engines)}"
        self.size = sum(engine.config.slots for engine in self.engines)

    def without(self, tried: Iterable[Engine]) -> Pool | None:
        """Return the pool without the engines that have failed a request; None when nothing is left to try."""
        failed = set(tried)
        tiers = [[engine for engine in tier if engine not in failed] for tier in self._tiers]
        rest = Pool(self.role, [tier for tier in tiers if tier], self._interactive_slots)
        return rest if any(engine.state == "ready" and engine.breaker.passes for engine in rest.engines) else None

    def free(self, *, batch: bool) -> Engine | None:
        """Return the least loaded engine with a free slot, None while all are busy or left alone."""
        working = self._working()
        best: Engine | None = None
        for engine in working:
            if self._has_room(engine, batch=batch) and (best is None or _load(engine) < _load(best)):
                best = engine
        return best

    def _working(self) -> list[Engine]:
        """Return the ready engines of the first tier that has some; where none is ready, all that may be tried."""
        for tier in self._tiers:
            ready = [engine for engine in tier if engine.state == "ready" and engine.breaker.passes]
            if ready:
                return ready
        return [engine for engine in self.engines if engine.state != "off" and engine.breaker.passes]

    def _has_room(self, engine: Engine, *, batch: bool) -> bool:
        """Whether an engine takes one more request; batch work leaves some slots to people who wait."""
        slots = engine.config.slots
        if engine.in_flight >= slots:
            return False
        return not batch or engine.batch_in_flight < max(slots - self._interactive_slots, 1)

    def check(self) -> None:
        """Raise EngineUnavailable when every engine is switched off or left alone."""
        on = [engine for engine in self.engines if engine.state != "off"]
        if not on:
            reason = self.engines[0].reason if self.engines else "No engine has this role."
            message = f"The {self.role} engine is switched off. {reason}"
            raise EngineUnavailable(message)
        if all(engine.breaker.state == "open" for engine in on):
            message = f"The {self.role} engine has failed too often; it is left alone for a while."
            problem = EngineUnavailable(message)
            problem.retry_after_seconds = int(min(engine.breaker.open_for_seconds for engine in on)) + 1
            raise problem

    @property
    def expected(self) -> Engine | None:
        """The engine that would most likely serve: what is told before one is chosen."""
        working = self._working() or self.engines
        return working[0] if working else None


class Router:
    """Chooses pools by role, model, module, class of data and policy. Pools are remembered: few exist."""

    def __init__(self, config: GatewayConfig, engines: Mapping[str, Engine]) -> None:
        """Bind the engines, by name."""
        self._config = config
        self._engines = engines
        self._pools: dict[tuple[str, tuple[str, ...]], Pool] = {}

    def pool(self, wanted: Wanted) -> Pool:
        """Return the pool for a request. Raises ModelUnknown or PolicyForbids."""
        wanted = self._with_role_of_model(wanted)
        role = wanted.role
        of_role = [engine for engine in self._engines.values() if engine.role in {role, FALLBACK.get(role)}]
        routed = self._routed(of_role, wanted)
        able = [engine for engine in routed if set(wanted.data_classes) <= set(engine.config.data_classes)]
        allowed = [engine for engine in able if wanted.engines is None or engine.name in wanted.engines]
        if of_role and not able:
            message = f"No {role} engine may read data of the class {', '.join(sorted(wanted.data_classes))}."
            raise PolicyForbids(message)
        if able and not allowed:
            message = f"The policy of this key allows none of the {role} engines that could answer this."
            raise PolicyForbids(message)
        key = (role, tuple(engine.name for engine in allowed))
        if key not in self._pools:
            self._pools[key] = Pool(role, _tiers(role, allowed), self._config.queue.interactive_slots)
        return self._pools[key]

    def _with_role_of_model(self, wanted: Wanted) -> Wanted:
        """Return what is wanted with the role or the single engine that `model` names. Raises ModelUnknown."""
        if wanted.model is None:
            return wanted
        named = role_named(wanted.model)
        family = {wanted.role, *(role for role, helper in FALLBACK.items() if helper == wanted.role)}
        if named in family:
            return replace(wanted, role=named)
        fitting = [engine for engine in self._engines.values() if engine.role in family]
        chosen = [engine for engine in fitting if named in {engine.model, engine.name}]
        if not chosen:
            choices = dict.fromkeys([*(role for role in ROLES if role in family), *_names(fitting)])
            message = f"There is no model {str(wanted.model)[:100]!r} here. Use one of: {', '.join(choices)}."
            raise ModelUnknown(message, "model")
        names = frozenset(engine.name for engine in chosen)
        return replace(
            wanted,
            role=chosen[0].role,
            engines=names if wanted.engines is None else names & wanted.engines,
        )

    def _routed(self, engines: list[Engine], wanted: Wanted) -> list[Engine]:
        """Return the engines that the first fitting route leaves, all when no route fits."""
        for route in self._config.routes:
            if _fits(route, wanted):
                chosen = [engine for engine in engines if engine.name in route.engines]
                if chosen:
                    return chosen
        return engines


def _fits(route: RouteConfig, wanted: Wanted) -> bool:
    """Whether a route speaks of a request."""
    return (
        route.role in {None, wanted.role}
        and route.module in {None, wanted.module}
        and (route.data_class is None or route.data_class in wanted.data_classes)
    )


def _tiers(role: str, engines: list[Engine]) -> list[list[Engine]]:
    """Sort engines into tiers: those of the role before those that help out, low priority numbers first."""
    found: dict[tuple[bool, int], list[Engine]] = {}
    for engine in engines:
        found.setdefault((engine.role != role, engine.config.priority), []).append(engine)
    return [found[place] for place in sorted(found)]


def _names(engines: list[Engine]) -> list[str]:
    """Return the names that engines go by."""
    return [name for engine in engines for name in (engine.name, engine.model) if name]


def _load(engine: Engine) -> tuple[float, float]:
    """How loaded an engine is for its weight; among equals, how many turns it has had for its weight."""
    return engine.in_flight / engine.config.weight, engine.turns / engine.config.weight
