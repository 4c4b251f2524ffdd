"""What a caller and a module are allowed: engines, classes of data, personal data, and what may be done unasked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from inference.gateway.config import ALL_CLASSES, EVERYTHING, OWN_POLICY, GatewayConfig, Personal, PolicyConfig
from inference.gateway.problems import PolicyForbids

DATA_CLASSES = frozenset[str](ALL_CLASSES)

Autonomy = Literal["propose", "apply"]

PERSONAL: tuple[Personal, ...] = ("pass", "mask", "refuse")
"""What happens to personal data, the mildest first."""
JOINT = "+"
"""Joins the names of two policies that hold at the same time."""


@dataclass(frozen=True)
class Policy:
    """The rules of one policy. None means: all of them.

    `personal` holds for every class of personal data (person, phone, ...) that `personal_by_class` does not name.
    """

    name: str
    data_classes: frozenset[str] = DATA_CLASSES
    engines: frozenset[str] | None = None
    modules: frozenset[str] | None = None
    personal: Personal = "pass"
    personal_by_class: Mapping[str, Personal] = field(default_factory=dict)
    autonomy: Autonomy = "propose"

    @classmethod
    def of(cls, name: str, given: PolicyConfig) -> Policy:
        """Return the policy that the configuration gives."""
        return cls(
            name=name,
            data_classes=frozenset(given.data_classes),
            engines=_named(given.engines),
            modules=_named(given.modules),
            personal=given.personal,
            personal_by_class=given.personal_by_class,
            autonomy=given.autonomy,
        )

    def check(self, asked: tuple[str, ...], *, what: str) -> None:
        """Raise PolicyForbids when a class of data is asked for that this policy does not allow."""
        forbidden = sorted(set(asked) - self.data_classes)
        if forbidden:
            message = f"{what} reads data of the class {', '.join(forbidden)}, which policy '{self.name}' forbids."
            raise PolicyForbids(message)

    def check_module(self, module: str) -> None:
        """Raise PolicyForbids when this policy does not let its callers run the module."""
        if self.modules is not None and module not in self.modules:
            message = f"Policy '{self.name}' does not allow the module {module}."
            raise PolicyForbids(message)

    def treatment(self, personal_class: str) -> Personal:
        """Return what happens to personal data of one class."""
        return self.personal_by_class.get(personal_class, self.personal)

    @property
    def shows_all(self) -> bool:
        """Whether every text may be shown as it is."""
        return self.personal == "pass" and all(item == "pass" for item in self.personal_by_class.values())

    def within(self, other: Policy) -> Policy:
        """Return the policy that allows only what both allow."""
        classes = self.personal_by_class.keys() | other.personal_by_class.keys()
        return Policy(
            name=self.name if self == other else f"{self.name}{JOINT}{other.name}",
            data_classes=self.data_classes & other.data_classes,
            engines=_both(self.engines, other.engines),
            modules=_both(self.modules, other.modules),
            personal=_stricter(self.personal, other.personal),
            personal_by_class={name: _stricter(self.treatment(name), other.treatment(name)) for name in classes},
            autonomy="apply" if self.autonomy == other.autonomy == "apply" else "propose",
        )


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """Return what both allow."""
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _stricter(one: Personal, other: Personal) -> Personal:
    """Return the stricter treatment of personal data."""
    return max(one, other, key=PERSONAL.index)


def _named(names: tuple[str, ...]) -> frozenset[str] | None:
    """Return the names, None for all of them."""
    return None if EVERYTHING in names else frozenset(names)


def policies_of(config: GatewayConfig) -> dict[str, Policy]:
    """Return the policies of a configuration by name."""
    return {name: Policy.of(name, given) for name, given in config.policies.items()}


class ModuleRules:
    """The policies of modules: the stricter of a module's and its caller's counts."""

    def __init__(self, config: GatewayConfig) -> None:
        """Read which module has which policy."""
        policies = policies_of(config)
        self._by_module = {name: policies.get(given.policy, ON_PREMISES) for name, given in config.modules.items()}

    def within(self, rules: Policy, module: str) -> Policy:
        """Return what a caller may do with a module; only a module whose own policy says so may apply unasked."""
        own = self._by_module.get(module)
        return replace(rules, autonomy="propose") if own is None else rules.within(own)


ON_PREMISES = Policy(OWN_POLICY)
