"""A packet filter that does not hold, sockets that should not be."""

import json

from appliance.doctor.machine import CONNECTED, Output
from appliance.doctor.result import Status
from tests.appliance.doctor.breaking import breaks

RULESET = "nft -j list ruleset"
COUNTERS = "nft -j list counters"
DENIED = "systemctl show --property=Id,IPAddressDeny,IPAddressAllow -- ostrov-*.service"
PROBE = "systemd-run --no-ask-password --quiet --wait --pipe --collect -p IPAddressDeny=any /usr/bin/python3"


@breaks("egress.policy", Status.FAIL, "There is no table inet ostrov", "systemctl restart nftables")
def the_rules_were_flushed_by_hand(server):
    server.machine.outputs[RULESET] = Output(0, '{"nftables": [{"metainfo": {"version": "1.1.3"}}]}')


@breaks("egress.policy", Status.FAIL, "output: not drop", "nft -c -f /etc/nftables.conf")
def the_way_out_was_opened(server):
    listing = json.loads(server.machine.outputs[RULESET].out)
    for entry in listing["nftables"]:
        if entry.get("chain", {}).get("name") == "output":
            entry["chain"]["policy"] = "accept"
    server.machine.outputs[RULESET] = Output(0, json.dumps(listing))


@breaks("egress.rules", Status.FAIL, "not shipped: rule output")
def a_rule_was_added_by_hand(server):
    listing = json.loads(server.machine.outputs[RULESET].out)
    rule = {"family": "inet", "table": "ostrov", "chain": "output", "handle": 99, "expr": [{"accept": None}]}
    listing["nftables"].append({"rule": rule})
    server.machine.outputs[RULESET] = Output(0, json.dumps(listing))


@breaks("egress.rules", Status.FAIL, "missing: ")
def a_rule_was_taken_out_by_hand(server):
    listing = json.loads(server.machine.outputs[RULESET].out)
    last = max(number for number, entry in enumerate(listing["nftables"]) if "rule" in entry)
    del listing["nftables"][last]
    server.machine.outputs[RULESET] = Output(0, json.dumps(listing))


@breaks("egress.rules", Status.FAIL, "There is no /etc/nftables.conf")
def the_file_of_the_rules_is_gone(server):
    server.machine.path("/etc/nftables.conf").unlink()


@breaks("egress.canary", Status.FAIL, "198.51.100.77:443 answered: data can leave")
def the_canary_gets_out(server):
    server.machine.reached = CONNECTED


@breaks("egress.canary", Status.FAIL, "did not rise")
def something_else_than_our_rule_stops_the_canary(server):
    server.machine.reached = "ENETUNREACH"
    before = server.machine.outputs[COUNTERS][0]
    server.machine.outputs[COUNTERS] = [before, before]


@breaks("egress.canary", Status.UNKNOWN, "There is no counter egress_denied")
def the_counter_is_gone(server):
    gone = Output(0, '{"nftables": [{"metainfo": {}}]}')
    server.machine.outputs[COUNTERS] = [gone, gone]


@breaks("egress.units", Status.FAIL, "ostrov-worker.service may go anywhere")
def a_unit_was_given_the_network(server):
    server.machine.outputs[DENIED] = Output(0, "IPAddressAllow=\nIPAddressDeny=\nId=ostrov-worker.service\n")


@breaks("egress.units", Status.FAIL, "not enforced here", "CONFIG_CGROUP_BPF")
def the_kernel_does_not_enforce_what_units_ask_for(server):
    server.machine.outputs[PROBE] = Output(0, "connected\n")


@breaks("egress.listeners", Status.FAIL, "tcp/6379 0.0.0.0 (redis-server)", "ss -lntup | grep 6379")
def something_listens_to_the_lan(server):
    line = 'LISTEN 0 511 0.0.0.0:6379 0.0.0.0:* users:(("redis-server",pid=555,fd=6))\n'
    output = server.machine.outputs["ss -H -l -n -p --tcp"]
    server.machine.outputs["ss -H -l -n -p --tcp"] = Output(0, output.out + line)


@breaks("egress.listeners", Status.FAIL, "udp/5353 0.0.0.0 (avahi-daemon)")
def a_service_announces_itself(server):
    line = 'UNCONN 0 0 0.0.0.0:5353 0.0.0.0:* users:(("avahi-daemon",pid=44,fd=12))\n'
    server.machine.outputs["ss -H -l -n -p --udp"] = Output(0, line)


@breaks("egress.listeners", Status.FAIL, "tcp/8090 :: (ostrov)")
def the_gateway_listens_to_the_lan(server):
    server.change("ss -H -l -n -p --tcp", "127.0.0.1:8090", "*:8090")


@breaks("egress.listeners", Status.FAIL, "tcp/22 0.0.0.0 (nc)")
def another_program_listens_where_ssh_should(server):
    server.change("ss -H -l -n -p --tcp", '0.0.0.0:22 0.0.0.0:* users:(("sshd"', '0.0.0.0:22 0.0.0.0:* users:(("nc"')
