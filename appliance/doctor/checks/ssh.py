"""Who gets in by ssh."""

from __future__ import annotations

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.machine import NEEDS_ROOT, CouldNotAsk
from appliance.doctor.result import Fail, Ok, Result, Warn
from appliance.doctor.said import Said, listed, same

NEVER = {
    "permitemptypasswords": {"no"},
    "permitrootlogin": {"no", "prohibit-password", "without-password", "forced-commands-only"},
}
BETTER_NOT = {"passwordauthentication": {"no"}, "kbdinteractiveauthentication": {"no"}, "x11forwarding": {"no"}}
REMEDY = Said(
    "Look for what overrides it: grep -ri '' /etc/ssh/sshd_config.d ; then: ansible-playbook site.yml --tags base",
    "Найдите, что его отменяет: grep -ri '' /etc/ssh/sshd_config.d ; затем: ansible-playbook site.yml --tags base",
)


def look(host: Host) -> Result:
    """Compare what sshd would do with the policy."""
    output = host.machine.run("/usr/sbin/sshd", "-T")
    if output.code != 0:
        if not host.machine.is_root():
            raise CouldNotAsk(same(output.last_line or "sshd -T"), NEEDS_ROOT)
        return Fail(same(output.last_line), same("sshd -t"))
    values = {name.lower(): value for name, _, value in (line.partition(" ") for line in output.out.splitlines())}
    bad = [same(f"{name} {values.get(name)}") for name, good in NEVER.items() if values.get(name, "no") not in good]
    if bad:
        return Fail(listed(bad), REMEDY)
    weak = [
        same(f"{name} {values.get(name)}") for name, good in BETTER_NOT.items() if values.get(name, "no") not in good
    ]
    if weak:
        return Warn(listed(weak), REMEDY)
    return Ok(Said("Keys only.", "Только по ключам."))


CHECK = Check(
    id="security.ssh",
    title=Said("ssh lets in keys alone", "ssh пускает только по ключам"),
    expected=Said(
        "No passwords, no empty passwords, root by key at most.",
        "Без паролей, без пустых паролей, root — не более чем по ключу.",
    ),
    control="ISO 27001 A.8.5; CIS v8 4.1",
    run=look,
)
