"""Room on the disks that hold data, and inodes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.result import Fail, Ok, Result, Warn
from appliance.doctor.said import Said, listed

FOLDERS = (Path("/"), Path("/var/lib/ostrov"), Path("/var/lib/postgresql"), Path("/opt/ostrov"), Path("/var/log"))
FAIL_FREE, WARN_FREE = 0.05, 0.15
ENOUGH_BYTES = 50 * 10**9  # a fifteenth of a large disk is still a lot
LEAST_BYTES = 5 * 10**8
WANTED_BYTES = 2 * 10**9
GIGABYTE = 10**9


@dataclass(frozen=True)
class Room:
    """What is left of a file system: bytes, bytes in all, and the share of inodes."""

    free: int
    size: int
    inodes: float = 1.0


def look(host: Host) -> Result:
    """Judge each file system once."""
    rooms: dict[Path, Room] = {}
    seen: set[int] = set()
    for folder in FOLDERS if host.place.server else (host.place.home,):
        path = host.machine.path(folder)
        if path.is_dir() and path.stat().st_dev not in seen:
            seen.add(path.stat().st_dev)
            rooms[folder] = _room(path)
    return judge(rooms)


def _room(path: Path) -> Room:
    """Ask how much room there is."""
    state = os.statvfs(path)
    inodes = state.f_favail / state.f_files if state.f_files else 1.0  # file systems without inodes tell 0 of 0
    return Room(state.f_bavail * state.f_frsize, state.f_blocks * state.f_frsize, inodes)


def judge(rooms: Mapping[Path, Room]) -> Result:
    """Say which file systems are full, or nearly so."""
    full: list[Said] = []
    nearly: list[Said] = []
    fine: list[Said] = []
    for folder, room in rooms.items():
        free, share, inodes = room.free, room.free / max(1, room.size), room.inodes
        told = Said(
            f"{folder} {free / GIGABYTE:.1f} GB free ({share:.0%})",
            f"{folder} свободно {free / GIGABYTE:.1f} ГБ ({share:.0%})",
        )
        if inodes < FAIL_FREE:
            told += Said(f", inodes {inodes:.0%} free", f", inode свободно {inodes:.0%}")
        if (share < FAIL_FREE and free < ENOUGH_BYTES) or free < LEAST_BYTES or inodes < FAIL_FREE:
            full.append(told)
        elif (share < WARN_FREE and free < ENOUGH_BYTES) or free < WANTED_BYTES:
            nearly.append(told)
        else:
            fine.append(told)
    return _say(full, nearly, fine)


def _say(full: list[Said], nearly: list[Said], fine: list[Said]) -> Result:
    """Name the fullest."""
    remedy = Said(
        "See what takes it: du -xh --max-depth=2 /var | sort -h | tail ; ostrov models list ; "
        "journalctl --vacuum-size=500M",
        "Посмотрите, что занимает место: du -xh --max-depth=2 /var | sort -h | tail ; ostrov models list ; "
        "journalctl --vacuum-size=500M",
    )
    if full:
        return Fail(listed(full), remedy)
    if nearly:
        return Warn(listed(nearly), remedy)
    return Ok(listed(fine))


CHECK = Check(
    id="services.disk",
    title=Said("There is room on the disks", "На дисках есть место"),
    expected=Said("15 % or 50 GB free, and never under 2 GB.", "Свободно 15 % или 50 ГБ и никогда не меньше 2 ГБ."),
    control="ISO 27001 A.8.6; CIS v8 8.3",
    run=look,
    server=False,
)
