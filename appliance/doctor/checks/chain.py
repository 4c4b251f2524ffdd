"""The audit chain holds, and nobody who writes it may change it."""

from __future__ import annotations

from typing import Any

from appliance.doctor.check import Check
from appliance.doctor.database import facts_of, question
from appliance.doctor.host import Host
from appliance.doctor.memory import read_json, write_json
from appliance.doctor.result import CouldNot, Fail, Ok, Result, Warn
from appliance.doctor.said import Said, listed, same

WALKED = "audit.json"
WALK_SECONDS = 6.0
DEEP_SECONDS = 3600.0 * 3


def look(host: Host) -> Result:
    """Walk on from where the run before ended; with --deep, from the first entry."""
    if facts_of(host)["audit_entries"] is None:
        return Fail(Said("There is no audit chain.", "Цепочки аудита нет."), same("ostrov migrate"))
    memory = host.place.memory / WALKED
    before = {} if host.deep else read_json(memory)
    seconds = DEEP_SECONDS if host.deep else WALK_SECONDS
    request = {
        "ask": "chain",
        "after": int(before.get("seq", 0)),
        "head": str(before.get("hash", "")),
        "seconds": seconds,
    }
    told: dict[str, Any] = question(host, request, seconds + 4.0)["chain"]
    if not told["holds"]:
        observed = Said(f"BROKEN: {told['reason']}.", f"НАРУШЕНА: {told['reason']}.")
        remedy = Said(
            "Touch nothing, tell the security officer, then: ostrov audit verify",
            "Ничего не трогайте, сообщите офицеру безопасности, затем: ostrov audit verify",
        )
        return Fail(observed, remedy)
    write_json(memory, {"seq": told["upto"], "hash": told["head"]})
    if told["returned"]:
        return _gone(told["returned"], told["upto"])
    if told["upto"] < told["of"]:
        observed = Said(
            f"It holds up to entry {told['upto']} of {told['of']}; there was no time for more.",
            f"До записи {told['upto']} из {told['of']} цела; на остальное не хватило времени.",
        )
        return CouldNot(observed, same("ostrov doctor --deep --only audit"))
    return Ok(
        Said(
            f"{told['upto']} entries hold ({told['entries']} walked now), head {told['head'][:16]}…",
            f"Записей: {told['upto']}, целы (сейчас пройдено {told['entries']}), вершина {told['head'][:16]}…",
        )
    )


def _gone(returned: dict[str, Any], upto: int) -> Warn:
    """Tell, once, that entries which were verified went with a database that was brought back."""
    lost, at, point = f"{returned['lost_from']} to {returned['lost_to']}", returned["at"], returned["point"]
    observed = Said(
        f"The database was brought back at {at} to the moment {point}: entries {lost} of then are gone, as the chain "
        f"itself says. Its {upto} entries hold.",
        f"{at} база возвращена к моменту {point}: прежних записей {lost.replace(' to ', '–')} больше нет, о чём "
        f"говорит сама цепочка. Её записи ({upto}) целы.",
    )
    remedy = Said(
        "ostrov update history  # who did that; the next run of the doctor finds nothing to say",
        "ostrov update history  # кто это сделал; при следующем запуске замечания не будет",
    )
    return Warn(observed, remedy)


def look_at_rights(host: Host) -> Result:
    """Say whether those who write the chain could change it."""
    facts = facts_of(host)
    rights = facts["audit_rights"]
    if rights:
        first = rights[0]
        told = [same(f"{row['role']}: {row['privilege']}") for row in rights]
        command = f"psql -U ostrov_owner ostrov -c 'REVOKE {first['privilege']} ON audit.entries FROM {first['role']}'"
        return Fail(listed(told), same(command))
    newest = (facts["audit_entries"] or {}).get("at")
    if newest and newest > host.machine.now().timestamp() + 60:
        said = Said("The newest entry is of the future.", "Последняя запись из будущего.")
        return Warn(said, same("timedatectl ; ostrov doctor --only services.clock"))
    return Ok(Said("They may add and read, nothing else.", "Только добавление и чтение."))


CHAIN = Check(
    id="audit.chain",
    title=Said("The audit chain holds", "Цепочка аудита цела"),
    expected=Said(
        "Every entry follows the one before it, up to the newest.",
        "Каждая запись продолжает предыдущую, до самой новой.",
    ),
    control="ISO 27001 A.8.15, A.5.33; CIS v8 8.2",
    run=look,
    needs=("database.answers",),
    server=False,
    seconds=12.0,
)
RIGHTS = Check(
    id="audit.rights",
    title=Said("The audit can only be added to", "Аудит можно только дополнять"),
    expected=Said(
        "The roles of web and gateway may not update, delete or truncate it.",
        "Ролям веба и шлюза нельзя менять, удалять и очищать.",
    ),
    control="ISO 27001 A.8.15, A.5.33",
    run=look_at_rights,
    needs=("database.answers",),
    server=False,
)
