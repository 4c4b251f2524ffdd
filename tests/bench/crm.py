"""The CRM's pages at 100,000 people and 50,000 deals: whole HTML pages from gunicorn with two processes, over HTTP."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.bench.report import Figure, Report, milliseconds, p50, p95
from tests.driving import Server, browser, database, serve

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "100000"))
COMMUNICATIONS = PEOPLE // 5
ROUNDS = 40
USERS = 8
LOAD_SECONDS = 15

# name, goal in milliseconds
GOALS = {
    "search of everything": 40,
    "list of people": 50,
    "list of deals": 50,
    "search by a fragment": 40,
    "person card": 60,
    "create a person": 40,
}


@contextmanager
def company(folder: Path) -> Iterator[Server]:
    """A server with the large sample company."""
    with database(folder) as url, serve(folder, url, people=PEOPLE, communications=COMMUNICATIONS) as server:
        yield server


def token(client: httpx.Client, address: str) -> str:
    """The CSRF token of a page with a form."""
    marker = 'name="csrf_token" value="'
    text = client.get(address).text
    return text.split(marker, 1)[1].split('"', 1)[0]


def actions(client: httpx.Client) -> dict[str, Callable[[], httpx.Response]]:
    """What a person does, each as one request for a whole page."""
    numbers = itertools.count(1)
    fragments = itertools.cycle(("ванов", "miller", "49960", "petrov", "кузне", "carter", "79161", "семён"))
    people = itertools.cycle(range(1, 400))
    csrf = token(client, "/people/new")

    def create() -> httpx.Response:
        number = next(numbers)
        data = {"full_name": f"Bench Person {number}", "email": f"bench{number}@bench.example", "csrf_token": csrf}
        return client.post("/people", data=data)

    marks = itertools.cycle(("насос", "invoice", "miller", "чертёж", "petrov", "compressor"))

    return {
        "search of everything": lambda: client.get("/search/palette", params={"q": next(marks)}),
        "list of people": lambda: client.get("/people"),
        "list of deals": lambda: client.get("/deals"),
        "search by a fragment": lambda: client.get("/people", params={"q": next(fragments)}),
        "person card": lambda: client.get(f"/people/{next(people)}"),
        "create a person": create,
    }


def checked(action: Callable[[], httpx.Response]) -> Callable[[], httpx.Response]:
    """The action, refusing to measure an error page."""

    def run() -> httpx.Response:
        response = action()
        if response.status_code not in (200, 201, 303):
            raise RuntimeError(f"{response.request.method} {response.request.url} answered {response.status_code}")
        return response

    return run


def single(server: Server, report: Report) -> None:
    """One user, one request after another, against the same server's health page."""
    with browser(server.url, "head") as client:
        floor = p50(milliseconds(checked(lambda: client.get("/healthz")), ROUNDS))
        report.add(Figure("health page (the floor)", floor, "ms"))
        for name, action in actions(client).items():
            taken = p50(milliseconds(checked(action), ROUNDS))
            goal = GOALS[name]
            report.add(Figure(name, taken, "ms p50", "health page", taken / floor, f"<= {goal} ms", taken <= goal))


def together(server: Server, report: Report) -> None:
    """Eight users at once, reading and writing, for a bounded time."""
    taken: list[float] = []
    failures: list[str] = []
    deadline = time.monotonic() + LOAD_SECONDS

    def use() -> None:
        with browser(server.url, "head") as client:
            for action in itertools.cycle([checked(a) for a in actions(client).values()]):
                if time.monotonic() > deadline:
                    return
                start = time.perf_counter()
                try:
                    action()
                except (RuntimeError, httpx.HTTPError) as error:
                    failures.append(str(error))
                    return
                taken.append((time.perf_counter() - start) * 1000)

    users = [threading.Thread(target=use) for _ in range(USERS)]
    start = time.monotonic()
    for user in users:
        user.start()
    for user in users:
        user.join(LOAD_SECONDS + 60)
    if failures:
        raise RuntimeError(f"{len(failures)} users met an error: {failures[0]}")
    rate = len(taken) / (time.monotonic() - start)
    report.add(Figure(f"{USERS} users: requests", rate, "/s", goal=">= 70 /s", met=rate >= 70))
    report.add(Figure(f"{USERS} users: p95", p95(taken), "ms"))


def run(folder: Path, report: Report) -> None:
    """All figures of the CRM."""
    with company(folder) as server:
        single(server, report)
        together(server, report)
