"""What each machine is told of the others follows from the groups alone, is the same on both ends, and is no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.provisioning.grow.topology import PROVISIONING, Variables, inventory, placed
from tests.provisioning.units.rendering import render

pytestmark = pytest.mark.xdist_group("topology")  # the inventories are worked out once
DATABASE, DOOR = 5432, 8443
ADDRESSES = {"crm": "192.0.2.10", "crm2": "192.0.2.11"}
TWO = {"database": ["crm"], "inference": ["crm"], "database_replica": ["crm2"], "web": ["crm2"], "worker": ["crm2"]}
PROMOTED = {
    "database": ["crm2"],
    "database_replica": ["crm"],
    "inference": ["crm"],
    "web": ["crm2"],
    "worker": ["crm2"],
}
GPUS = {"crm": "192.0.2.10", "gpu1": "192.0.2.21", "gpu2": "192.0.2.22"}
SPREAD = {"database": ["crm"], "web": ["crm"], "worker": ["crm"], "inference": ["gpu1", "gpu2"]}
Machines = dict[str, Variables]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Machines:
    """The inventory that people copy."""
    return placed(tmp_path_factory.mktemp("example"), PROVISIONING / "inventories/example-grown")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Machines:
    """Two machines: data and models on one, the copy and the pages on the other."""
    return placed(tmp_path_factory.mktemp("two"), inventory(TWO, ADDRESSES))


@pytest.fixture(scope="module")
def promoted(tmp_path_factory: pytest.TempPathFactory) -> Machines:
    """The same after a promotion."""
    return placed(tmp_path_factory.mktemp("promoted"), inventory(PROMOTED, ADDRESSES))


@pytest.fixture(scope="module")
def spread(tmp_path_factory: pytest.TempPathFactory) -> Machines:
    """One model over two machines of four GPUs each."""
    stock = inventory(SPREAD, GPUS, ostrov_profile="gpu", ray_nodes=2, ray_gpus=4, ray_interface="enp2s0")
    return placed(tmp_path_factory.mktemp("spread"), stock)


def opened(machines: Machines, name: str) -> set[tuple[str, str, object]]:
    """Who may connect to whom, by the firewalls of one direction: from, to, port."""
    pairs = set()
    for machine in machines.values():
        own = machine["interconnect_address"]
        for entry in machine[f"nftables_peers_{name}"]:
            ends = (entry["address"], own) if name == "from" else (own, entry["address"])
            pairs.add((*ends, entry["port"]))
    return pairs


@pytest.mark.parametrize("name", ["example", "two", "promoted", "spread"])
def test_whoever_may_go_out_to_a_machine_is_let_in_there_and_nobody_else(
    name: str, request: pytest.FixtureRequest
) -> None:
    machines: Machines = request.getfixturevalue(name)
    assert opened(machines, "to") == opened(machines, "from")
    assert opened(machines, "to")


def test_in_the_example_only_what_has_to_talk_may(example: Machines) -> None:
    first, second, web, gpu = (f"192.0.2.{number}" for number in (11, 12, 13, 14))
    clients = {(client, database, DATABASE) for client in (web, gpu) for database in (first, second)}
    copies = {(first, second, DATABASE), (second, first, DATABASE)}
    assert opened(example, "to") == clients | copies | {(web, gpu, DOOR)}


@pytest.mark.parametrize("name", ["example", "two", "promoted", "spread"])
def test_the_database_lets_in_services_of_the_machines_that_carry_them(
    name: str, request: pytest.FixtureRequest
) -> None:
    machines: Machines = request.getfixturevalue(name)
    parts = {machine["interconnect_address"]: set(machine["ostrov_parts"]) for machine in machines.values()}
    for machine in machines.values():
        if not {"database", "database_replica"} & set(machine["ostrov_parts"]):
            continue
        lines = render("postgresql_network", "hba.conf.j2", machine).splitlines()
        rules = [line.split() for line in lines if line and not line.startswith("#")]
        assert rules[-1] == ["host", "all", "all", "all", "reject"]
        for kind, _database, role, address, *how in rules[:-1]:
            wanted = {"ostrov_web": {"web", "worker"}, "ostrov_gateway": {"inference"}}
            carried = parts[address.removesuffix("/32")]
            assert carried & wanted.get(role, {"database", "database_replica"}), (role, address)
            assert (kind, how) == ("hostssl", ["cert", "map=ostrov"])


def test_a_machine_holds_the_certificates_of_its_own_services_and_no_others(two: Machines) -> None:
    held = {name: {each["name"] for each in machine["interconnect_certificates"]} for name, machine in two.items()}
    assert held == {
        "crm": {"postgresql", "ostrov-replica", "ostrov-gateway", "gateway"},
        "crm2": {"postgresql", "ostrov-replica", "ostrov-web", "ostrov-worker"},
    }


def test_programs_are_told_the_same_addresses_before_and_after_a_promotion(two: Machines, promoted: Machines) -> None:
    same = ("web_database_url", "worker_database_url", "gateway_database_url", "web_gateway_url", "web_peers")
    for name in ADDRESSES:
        assert {key: two[name][key] for key in same} == {key: promoted[name][key] for key in same}
    assert (
        "host=192.0.2.10,192.0.2.11&port=5432,5432&target_session_attrs=read-write" in two["crm2"]["web_database_url"]
    )


def test_pages_ask_a_gateway_elsewhere_over_tls_with_certificates_of_both_sides(two: Machines) -> None:
    pages, models = two["crm2"], two["crm"]
    settings = render("web", "web.env.j2", pages | {"web_processes": 2}).splitlines()
    assert "OSTROV_GATEWAY_URL=https://192.0.2.10:8443" in settings
    assert "OSTROV_GATEWAY_TRUST=/etc/ostrov/interconnect/ca.crt" in settings
    assert "OSTROV_GATEWAY_CERTIFICATE=/etc/ostrov/interconnect/ostrov-web.crt" in settings
    door = render("gateway_door", "nginx.conf.j2", models)
    assert "allow 192.0.2.11;" in door
    unit = render("web", "ostrov-web@.service.j2", pages)
    assert "IPAddressAllow=192.0.2.10\n" in unit


def test_a_replica_migrates_nothing_and_follows_the_one_that_takes_writes(two: Machines, promoted: Machines) -> None:
    assert [two[name]["release_migrates"] for name in ("crm", "crm2")] == [True, False]
    assert [promoted[name]["release_migrates"] for name in ("crm", "crm2")] == [False, True]
    assert two["crm2"]["postgresql_replica_follows"]
    assert promoted["crm"]["postgresql_replica_primary_address"] == ADDRESSES["crm2"]


def test_one_machine_has_no_links_and_listens_to_nobody(tmp_path: Path) -> None:
    (alone,) = placed(tmp_path / "one", inventory({"appliance": ["crm"]}, {"crm": "192.0.2.10"})).values()
    assert not alone["ostrov_is_grown"]
    assert not alone["postgresql_listens"]
    assert (
        alone["nftables_peers_from"] == alone["nftables_peers_to"] == alone["web_peers"] == alone["gateway_peers"] == []
    )
    assert alone["web_database_url"] == "postgresql+psycopg://ostrov_web@/ostrov?host=/run/postgresql"
    assert "GATEWAY_TRUST" not in render("web", "web.env.j2", alone | {"web_processes": 2})


def test_one_model_over_two_machines_is_led_by_one_and_reached_by_nobody_else(spread: Machines) -> None:
    first, second, database = spread["gpu1"], spread["gpu2"], GPUS["crm"]
    assert (first["ray_leads"], second["ray_leads"]) == (True, False)
    assert (first["ray_peers"], second["ray_peers"]) == ([GPUS["gpu2"]], [GPUS["gpu1"]])
    assert second["ray_head_address"] == GPUS["gpu1"]
    between = {
        (one, other, "1024-65535") for one in (GPUS["gpu1"], GPUS["gpu2"]) for other in (GPUS["gpu1"], GPUS["gpu2"])
    }
    mine = {pair for pair in opened(spread, "to") if database not in pair}
    assert mine == {pair for pair in between if pair[0] != pair[1]}
    assert "ray" in {each["name"] for each in second["interconnect_certificates"]}
    assert "ray" not in {each["name"] for each in spread["crm"]["interconnect_certificates"]}


def test_the_language_model_is_started_for_as_many_gpus_and_machines_as_there_are(spread: Machines) -> None:
    over = {**spread["gpu1"], "ray_nodes": 2, "ray_gpus": 4, "ray_interface": "enp2s0"}
    drop_in = render("ray", "ostrov-llm-over-ray.conf.j2", over)
    assert "OSTROV_VLLM_TENSOR_PARALLEL=4 OSTROV_VLLM_PIPELINE_PARALLEL=2" in drop_in
    assert f"OSTROV_RAY_ADDRESS={GPUS['gpu1']}:6379 OSTROV_RAY_INTERFACE=enp2s0" in drop_in
    assert f"IPAddressAllow={GPUS['gpu2']}" in drop_in
    assert "--num-gpus=4" in render("ray", "ostrov-ray.service.j2", over)
