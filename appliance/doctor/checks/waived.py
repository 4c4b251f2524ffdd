"""The waivers themselves: each has a reason and a day, and the day has not come."""

from __future__ import annotations

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.result import Result
from appliance.doctor.said import Said
from appliance.doctor.waivers import CHECK_ID, judge


def look(host: Host) -> Result:
    """Judge the file of waivers."""
    return judge(host.waivers, host.place.waivers)


CHECK = Check(
    id=CHECK_ID,
    title=Said("Waivers have a reason and a day", "У исключений есть причина и срок"),
    expected=Said(
        "Every waiver names a check, a reason and a day within a year that has not come.",
        "У каждого исключения есть проверка, причина и не истёкший срок в пределах года.",
    ),
    control="ISO 27001 A.5.36",
    run=look,
    server=False,
    live=False,
)
