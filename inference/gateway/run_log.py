"""The log of runs: a bounded queue, a batching task, PostgreSQL; what cannot be written there waits in a file."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

QUEUE_RUNS = 5_000
BATCH_RUNS = 200
GATHER_SECONDS = 0.2
RETRY_SECONDS = 5.0
PRUNE_SECONDS = 3600.0
CONNECT_SECONDS = 3
SETTLE_SECONDS = 2.0
COLUMNS = (
    "id",
    "started_at",
    "endpoint",
    "actor",
    "request_id",
    "subject_type",
    "subject_id",
    "module",
    "module_version",
    "prompt_version",
    "prompt_hash",
    "engine",
    "model",
    "model_hash",
    "policy",
    "prompt_tokens",
    "completion_tokens",
    "attempts",
    "engine_ms",
    "duration_ms",
    "verdict",
    "reason",
    "masked_prompt",
    "masked_answer",
    "key",
    "autonomy",
    "masked",
    "queue_ms",
    "prompt_file",
)
LATER_COLUMNS = {"key": None, "autonomy": None, "masked": False, "queue_ms": 0, "prompt_file": None}
INSERT_RUN = (
    f"INSERT INTO gateway.runs ({', '.join(COLUMNS)}) "  # noqa: S608 - our own column names
    f"VALUES ({', '.join(f'%({name})s' for name in COLUMNS)}) ON CONFLICT DO NOTHING"
)
INSERT_FEATURE = (
    "INSERT INTO gateway.run_features (run_id, position, feature, value, quote, ref, segment, second, confidence,"
    " contribution, contributions) VALUES (%(run_id)s, %(position)s, %(feature)s, %(value)s, %(quote)s, %(ref)s,"
    " %(segment)s, %(second)s, %(confidence)s, %(contribution)s, %(contributions)s) ON CONFLICT DO NOTHING"
)
PRUNE = "DELETE FROM gateway.runs WHERE started_at < now() - make_interval(days => %s)"
FORGET = (
    "UPDATE gateway.runs SET masked_prompt = NULL, masked_answer = NULL"
    " WHERE (masked_prompt IS NOT NULL OR masked_answer IS NOT NULL)"
    " AND started_at < now() - make_interval(days => %s)"
)
JSON_COLUMNS = ("value", "contributions")

Record = dict[str, Any]

log = logging.getLogger("ostrov.gateway.runs")


def libpq_url(url: str) -> str:
    """Return a SQLAlchemy database address as libpq reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _feature_rows(record: Record) -> list[Record]:
    """Return the rows of the second stage of one run."""
    empty = dict.fromkeys(("value", "quote", "ref", "segment", "second", "confidence", "contribution", "contributions"))
    rows = []
    for position, feature in enumerate(record["features"]):
        row = {**empty, **feature, "run_id": record["id"], "position": position}
        rows.append({**row, **{name: None if row[name] is None else Jsonb(row[name]) for name in JSON_COLUMNS}})
    return rows


class RunLog:
    """Takes records without waiting and writes them behind the callers' backs; none is lost on SIGTERM."""

    def __init__(self, database_url: str, spool: Path, *, days: int, content_days: int = 0) -> None:
        """Prepare; `spool` is the file for runs that the database could not take, `days` how long runs are kept.

        `content_days` is how long their prompts and answers are kept; 0 days means as long as nobody deletes them.
        """
        self.url = libpq_url(database_url)
        self._spool = spool
        self._days = days
        self._content_days = content_days
        self._taken = self._settled = 0
        self._progress = asyncio.Event()
        self._queue: asyncio.Queue[Record | None] = asyncio.Queue(QUEUE_RUNS)
        self._task: asyncio.Task[None] | None = None
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._retry_at = 0.0
        self._prune_at = 0.0
        self.state, self.reason = "starting", "The database has not been asked yet."

    @property
    def waiting(self) -> int:
        """How many runs wait in memory."""
        return self._queue.qsize()

    def put(self, record: Record) -> None:
        """Take one record; when the queue is full it goes to the file at once."""
        try:
            self._queue.put_nowait(record)
            self._taken += 1
        except asyncio.QueueFull:
            self._keep_in_file([record])

    async def settle(self, seconds: float = SETTLE_SECONDS) -> None:
        """Wait until what has been taken so far is written, for a moment at most."""
        wanted = self._taken
        try:
            async with asyncio.timeout(seconds):
                while self._settled < wanted:
                    self._progress.clear()
                    await self._progress.wait()
        except TimeoutError:
            return

    async def start(self) -> None:
        """Begin writing."""
        self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Write what waits, to the database or else to the file, and close."""
        if self._task is not None:
            await self._queue.put(None)
            await self._task
        if self._connection is not None:
            await self._connection.close()

    async def _work(self) -> None:
        """Write batches until told to stop; with nothing to write, look whether the database is there."""
        await self._write([])
        running = True
        while running:
            batch, running = await self._gather()
            await self._write(batch)
            self._settled += len(batch)
            self._progress.set()

    async def _gather(self) -> tuple[list[Record], bool]:
        """Wait for records and collect those that come within a moment. False: this is the last batch."""
        try:
            first = await asyncio.wait_for(self._queue.get(), RETRY_SECONDS)
        except TimeoutError:
            return [], True
        if first is None:
            return [], False
        batch = [first]
        until = time.monotonic() + GATHER_SECONDS
        while len(batch) < BATCH_RUNS:
            try:
                record = await asyncio.wait_for(self._queue.get(), max(until - time.monotonic(), 0.001))
            except TimeoutError:
                break
            if record is None:
                return batch, False
            batch.append(record)
        return batch, True

    async def _write(self, batch: list[Record]) -> None:
        """Write a batch to the database; to the file when the database cannot take it."""
        try:
            connection = await self._connected()
            if connection is None:
                self._keep_in_file(batch)
                return
            if batch:
                await self._insert(connection, batch)
            await self._recover(connection)
            await self._prune(connection)
        except (psycopg.OperationalError, psycopg.ProgrammingError, OSError) as error:
            self._lost_database(error)
            self._keep_in_file(batch)

    async def _connected(self) -> psycopg.AsyncConnection[Any] | None:
        """Return a live connection, or None until it is time to try again."""
        if self._connection is not None and not self._connection.closed:
            await self._connection.execute("SELECT 1")
        elif time.monotonic() < self._retry_at:
            return None
        else:
            self._connection = await psycopg.AsyncConnection.connect(
                self.url, autocommit=True, connect_timeout=CONNECT_SECONDS
            )
            await self._connection.execute("SELECT 1 FROM gateway.runs LIMIT 1")
        if self.state != "ready":
            log.info("run_log.connected")
        self.state, self.reason = "ready", ""
        return self._connection

    def _lost_database(self, error: Exception) -> None:
        """Note that the database is away and when to try again."""
        if self.state != "down":
            log.warning("run_log.database_lost kind=%s", type(error).__name__)
        self.state = "down"
        self.reason = f"The database does not take runs ({type(error).__name__}); they wait in a file."
        self._connection = None
        self._retry_at = time.monotonic() + RETRY_SECONDS

    async def _insert(self, connection: psycopg.AsyncConnection[Any], batch: list[Record]) -> None:
        """Insert a batch in one transaction; when one record spoils it, insert the others one by one."""
        try:
            async with connection.transaction(), connection.cursor() as cursor:
                await cursor.executemany(INSERT_RUN, [{**LATER_COLUMNS, **record} for record in batch])
                features = [row for record in batch for row in _feature_rows(record)]
                if features:
                    await cursor.executemany(INSERT_FEATURE, features)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            if len(batch) == 1:
                log.error("run.not_recordable run_id=%s kind=%s", batch[0]["id"], type(error).__name__)  # noqa: TRY400
                self._append(self._spool.with_suffix(".rejected"), batch)
                return
            for record in batch:
                await self._insert(connection, [record])

    def _keep_in_file(self, batch: list[Record]) -> None:
        """Append records to the file that is read back when the database returns."""
        if batch:
            self._append(self._spool, batch)

    def _append(self, path: Path, batch: list[Record]) -> None:
        """Append records to a file of JSON lines that only this user can read."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            with path.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in batch)
        except OSError:
            log.exception("run.lost count=%d", len(batch))

    async def _recover(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Write what waits in the file to the database and remove the file."""
        taken = self._spool.with_suffix(".taken")
        if not taken.exists():
            if not self._spool.exists():
                return
            self._spool.rename(taken)
        records = [json.loads(line) for line in taken.read_text("utf-8").splitlines() if line.endswith("}")]
        try:
            for start in range(0, len(records), BATCH_RUNS):
                await self._insert(connection, records[start : start + BATCH_RUNS])
        except psycopg.Error:
            self._keep_in_file(records)
            taken.unlink()
            raise
        taken.unlink()
        log.info("run_log.recovered count=%d", len(records))

    async def _prune(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Once an hour, empty the texts of runs past their retention and delete runs past theirs."""
        if time.monotonic() < self._prune_at:
            return
        self._prune_at = time.monotonic() + PRUNE_SECONDS
        for statement, days in ((PRUNE, self._days), (FORGET, self._content_days)):
            if days > 0:
                await connection.execute(statement, (days,))
