"""The packet filter: closed by default in both directions, and the one that was shipped."""

from __future__ import annotations

import json
from typing import Any

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.machine import NEEDS_ROOT, CouldNotAsk
from appliance.doctor.result import Fail, Ok, Result
from appliance.doctor.said import Said, listed, same

TABLE = ("inet", "ostrov")
SHIPPED = "/etc/nftables.conf"
HOOKS = ("input", "output", "forward")
MUST_DROP = ("input", "output")
LOAD = same("nft -c -f /etc/nftables.conf && systemctl reload nftables")
VOLATILE = frozenset({"handle", "packets", "bytes", "index", "expires"})


def ruleset(host: Host) -> list[dict[str, Any]]:
    """Return everything that nftables holds."""
    return host.once("ruleset", lambda: listing(host, "nft", "-j", "list", "ruleset"))


def listing(host: Host, *command: str) -> list[dict[str, Any]]:
    """Run nft and read its JSON."""
    output = host.machine.run(*command)
    if output.code != 0:
        not_root = Said("", "") if host.machine.is_root() else NEEDS_ROOT
        raise CouldNotAsk(same(output.last_line or "nft"), not_root or same("nft list ruleset"))
    try:
        entries: list[dict[str, Any]] = json.loads(output.out)["nftables"]
    except (ValueError, KeyError) as error:
        raise CouldNotAsk(Said("nft gave no JSON.", "nft не вернула JSON."), same("nft list ruleset")) from error
    return entries


def look_at_policy(host: Host) -> Result:
    """Say what happens to a packet that no rule speaks of."""
    chains = [entry["chain"] for entry in ruleset(host) if "chain" in entry]
    ours = [chain for chain in chains if (chain["family"], chain["table"]) == TABLE and "hook" in chain]
    if not ours:
        observed = Said(
            "There is no table inet ostrov: everything may leave.", "Таблицы inet ostrov нет: наружу открыто всё."
        )
        return Fail(observed, same("systemctl restart nftables"))
    open_hooks = [hook for hook in MUST_DROP if not any(c["hook"] == hook and c.get("policy") == "drop" for c in ours)]
    if open_hooks:
        return Fail(listed([Said(f"{hook}: not drop", f"{hook}: не drop") for hook in open_hooks]), LOAD)
    return Ok(Said("Dropped in and out unless a rule allows it.", "Без разрешающего правила — drop в обе стороны."))


def look_at_rules(host: Host) -> Result:
    """Load the shipped file into an empty network of its own and compare what comes out with what is loaded here."""
    if not host.machine.path(SHIPPED).is_file():
        return Fail(
            Said(f"There is no {SHIPPED}.", f"Нет {SHIPPED}."), same("ansible-playbook site.yml --tags nftables")
        )
    script = f"nft -f {SHIPPED} && nft -j list table {' '.join(TABLE)}"
    shipped = _essence(listing(host, "unshare", "--net", "sh", "-c", script))
    loaded = _essence(ruleset(host))
    foreign = sorted(loaded - shipped)
    lost = sorted(shipped - loaded)
    if foreign or lost:
        told = [Said(f"not shipped: {_brief(each)}", f"не из поставки: {_brief(each)}") for each in foreign]
        told += [Said(f"missing: {_brief(each)}", f"не хватает: {_brief(each)}") for each in lost]
        return Fail(listed(told, 3), LOAD)
    return Ok(Said(f"{len(loaded)} entries as shipped.", f"Записей: {len(loaded)}, все из поставки."))


def _essence(listing: list[dict[str, Any]]) -> set[str]:
    """The table of ours as comparable text: without handles, counts and what sets have learned."""
    kept = set()
    for entry in listing:
        kind, body = next(iter(entry.items()))
        family = body.get("family") if isinstance(body, dict) else None
        table = body.get("name" if kind == "table" else "table") if isinstance(body, dict) else None
        if (family, table) != TABLE:
            continue
        learned = kind == "set" and "dynamic" in body.get("flags", ())
        clean = _without_counts({name: value for name, value in body.items() if not (learned and name == "elem")})
        kept.add(json.dumps({kind: clean}, sort_keys=True))
    return kept


def _without_counts(value: Any) -> Any:
    """A value without what changes by itself."""
    if isinstance(value, dict):
        return {name: _without_counts(each) for name, each in value.items() if name not in VOLATILE}
    return [_without_counts(each) for each in value] if isinstance(value, list) else value


def _brief(text: str) -> str:
    """One entry, short."""
    kind, body = next(iter(json.loads(text).items()))
    told = body.get("name") or body.get("comment") or json.dumps(body.get("expr", ""))
    return f"{kind} {body.get('chain', '')} {told}".replace("  ", " ")[:120]


POLICY = Check(
    id="egress.policy",
    title=Said("What no rule allows is dropped", "Что не разрешено, отброшено"),
    expected=Said(
        "Table inet ostrov: policy drop for input and output.", "Таблица inet ostrov: policy drop на input и output."
    ),
    control="ISO 27001 A.8.20, A.8.22; CIS v8 4.4",
    run=look_at_policy,
    needs=("services.nftables",),
)
RULES = Check(
    id="egress.rules",
    title=Said("The rules are the shipped ones", "Правила те, что поставлены"),
    expected=Said(f"What is loaded equals {SHIPPED}.", f"Загруженное совпадает с {SHIPPED}."),
    control="ISO 27001 A.8.9, A.8.32",
    run=look_at_rules,
    needs=("egress.policy",),
)
