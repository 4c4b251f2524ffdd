"""Budgets of tokens, on a clock that is moved by hand."""

import pytest

from inference.gateway.budgets import DAY, MINUTE, Budgets
from inference.gateway.config import GatewayConfig, KeyConfig, PolicyConfig
from inference.gateway.problems import BudgetSpent

NOON = 20_000 * DAY + DAY / 2
SHOP = KeyConfig(name="shop", sha256="0" * 64, policy="small", tokens_per_minute=100)
CONFIG = GatewayConfig(keys=(SHOP,), policies={"small": PolicyConfig(tokens_per_day=250), "free": PolicyConfig()})


class Clock:
    now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budgets(clock: Clock) -> Budgets:
    return Budgets(CONFIG, clock)


def test_a_request_comes_in_until_the_budget_is_spent(budgets):
    budgets.check("shop", "small")
    budgets.charge("shop", "small", 99)
    budgets.check("shop", "small")
    budgets.charge("shop", "small", 1)
    with pytest.raises(BudgetSpent, match="key 'shop' has spent its 100 tokens of this minute"):
        budgets.check("shop", "small")


def test_the_next_minute_begins_at_nothing(budgets, clock):
    clock.now = NOON + 45
    budgets.charge("shop", "small", 100)
    with pytest.raises(BudgetSpent) as spent:
        budgets.check("shop", "small")
    assert spent.value.retry_after_seconds == 16
    clock.now += 15
    budgets.check("shop", "small")


def test_the_day_of_a_policy_counts_all_its_keys(budgets, clock):
    budgets.charge("site", "small", 250)
    with pytest.raises(BudgetSpent, match="policy 'small'") as spent:
        budgets.check("shop", "small")
    assert spent.value.retry_after_seconds == DAY / 2 + 1
    clock.now += DAY / 2
    budgets.check("shop", "small")


def test_two_policies_at_once_are_both_charged(budgets):
    budgets.charge(None, "free+small", 250)
    assert budgets.spent("policy", "small", DAY) == 250
    with pytest.raises(BudgetSpent):
        budgets.check(None, "free+small")


def test_who_has_no_budget_is_not_limited(budgets):
    budgets.charge("web", "free", 10**9)
    budgets.check("web", "free")


def test_another_configuration_keeps_what_is_spent(budgets):
    budgets.charge("shop", "small", 250)
    budgets.configure(CONFIG.model_copy(update={"policies": {"small": PolicyConfig(tokens_per_day=200)}, "keys": ()}))
    with pytest.raises(BudgetSpent):
        budgets.check("shop", "small")
    assert budgets.spent("key", "shop", MINUTE) == 250
