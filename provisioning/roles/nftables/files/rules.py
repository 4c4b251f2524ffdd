"""Whether the rules in the kernel are those that were loaded; runs on the server from standard input.

`rules.py PATH` compares the kernel's rules and lists of networks with those noted at PATH;
`rules.py PATH note` writes down the present ones. Counters and the sets of refused addresses are left out: they move.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

MOVING = {"handle", "packets", "bytes", "elem", "expires"}
KEPT_ELEMENTS = {"lan4", "lan6", "ssh4", "ssh6"}


def still(value: object) -> object:
    """A value without what changes by itself."""
    if isinstance(value, dict):
        keep_elements = value.get("name") in KEPT_ELEMENTS
        return {k: still(v) for k, v in value.items() if k not in MOVING or (k == "elem" and keep_elements)}
    return [still(entry) for entry in value] if isinstance(value, list) else value


def main(path: Path, *, note: bool) -> int:
    """See above."""
    done = subprocess.run(["nft", "-j", "list", "table", "inet", "ostrov"], capture_output=True, text=True, check=False)
    listing = json.loads(done.stdout)["nftables"] if done.returncode == 0 else []
    rules = [still(entry) for entry in listing if "metainfo" not in entry]
    chains = {entry["chain"]["name"]: entry["chain"].get("policy") for entry in listing if "chain" in entry}
    digest = hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()
    if note:
        path.write_text(digest + "\n")
        path.chmod(0o644)
    noted = path.read_text().strip() if path.exists() else ""
    counters = sorted(entry["counter"]["name"] for entry in listing if "counter" in entry)
    print(
        json.dumps(
            {"same": bool(rules) and digest == noted, "chains": chains, "counters": counters, "rules": len(rules)}
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), note="note" in sys.argv[2:]))
