"""PostgreSQL lets the owner of the schema in."""

from __future__ import annotations

from appliance.doctor.check import Check
from appliance.doctor.database import Refused, facts_of
from appliance.doctor.host import Host
from appliance.doctor.machine import NEEDS_ROOT
from appliance.doctor.result import CouldNot, Fail, Ok, Result
from appliance.doctor.said import Said, same


def look(host: Host) -> Result:
    """Ask for the facts that all other checks of the database use."""
    try:
        facts = facts_of(host)
    except Refused as refusal:
        if host.place.server and not host.machine.is_root():
            return CouldNot(refusal.observed, NEEDS_ROOT)
        remedy = "systemctl status postgresql@17-main ; journalctl -u postgresql@17-main -n 50"
        return Fail(refusal.observed, same(remedy if host.place.server else "ostrov status"))
    connection = facts["connections"][0]
    used, most = int(connection["used"]), int(facts["settings"]["max_connections"])
    version = str(facts["settings"]["server_version"]).split()[0]
    if used > most * 0.9:
        observed = Said(f"{used} of {most} connections are in use.", f"Занято {used} соединений из {most}.")
        return Fail(observed, same("psql -c 'select usename, state, count(*) from pg_stat_activity group by 1, 2'"))
    return Ok(
        Said(
            f"PostgreSQL {version}, {used} of {most} connections.",
            f"PostgreSQL {version}, соединений {used} из {most}.",
        )
    )


CHECK = Check(
    id="database.answers",
    title=Said("The database answers", "База данных отвечает"),
    expected=Said(
        "The schema's owner is let in and connections are left.", "Владелец схемы входит, свободные соединения есть."
    ),
    control="ISO 27001 A.8.14",
    run=look,
    needs=("services.postgresql",),
    server=False,
    seconds=10.0,
)
