"""What the log of runs can tell: one run and why it said what it said, many runs, and what people made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from inference.gateway.database import connected
from inference.gateway.problems import GatewayProblem
from inference.gateway.run_log import RunLog

Row = Mapping[str, Any]

PLAIN = (
    "id", "endpoint", "module", "module_version", "prompt_version", "prompt_hash", "prompt_file", "model",
    "model_hash", "engine", "policy", "autonomy", "key", "actor", "prompt_tokens", "completion_tokens", "duration_ms",
    "engine_ms", "queue_ms", "attempts", "verdict", "reason", "masked",
)  # fmt: skip
OWN = "(%(key)s::text IS NULL OR key = %(key)s)"
HEAD = f"SELECT {', '.join(PLAIN)}, started_at, subject_type, subject_id"
RUN = f"{HEAD}, masked_prompt, masked_answer FROM gateway.runs WHERE id = %(id)s AND {OWN}"
FEATURES = (
    "SELECT feature AS field, value, quote, ref, segment, second, confidence,"
    " coalesce(contributions, '{}') AS contributions FROM gateway.run_features WHERE run_id = %s ORDER BY position"
)
VERDICTS = (
    "SELECT field, value, verdict, final, edit_distance, at, actor FROM gateway.run_verdicts"
    " WHERE run_id = %s ORDER BY at, sequence"
)
LIST = f"""
{HEAD} FROM gateway.runs
WHERE {OWN}
    AND (%(module)s::text IS NULL OR module = %(module)s)
    AND (%(subject_type)s::text IS NULL OR subject_type = %(subject_type)s)
    AND (%(subject_id)s::text IS NULL OR subject_id = %(subject_id)s)
    AND (%(since)s::timestamptz IS NULL OR started_at >= %(since)s)
    AND (%(after_at)s::timestamptz IS NULL OR (started_at, id) < (%(after_at)s, %(after_id)s::uuid))
ORDER BY started_at DESC, id DESC
LIMIT %(limit)s
"""
INSERT_VERDICT = (
    "INSERT INTO gateway.run_verdicts (run_id, id, field, value, verdict, final, edit_distance, at, actor)"
    " VALUES (%(run_id)s, %(id)s, %(field)s, %(value)s, %(verdict)s, %(final)s, %(edit_distance)s, %(at)s, %(actor)s)"
    " ON CONFLICT DO NOTHING"
)


class RunUnknown(GatewayProblem):
    """No run of this id was logged for this key, or it is past its retention."""

    kind = "run-unknown"
    title = "No run has this id"
    status = 404


class Records:
    """Reads the log of runs and adds the verdicts of people. `key` limits what is seen to one key's runs."""

    def __init__(self, run_log: RunLog) -> None:
        """Read what this log writes."""
        self._log = run_log

    async def run(self, run_id: str, key: str | None) -> dict[str, Any]:
        """Return everything that is known of one run. Raises RunUnknown."""
        await self._log.settle()
        async with connected(self._log.url) as connection:
            found = await (await connection.execute(RUN, {"id": run_id, "key": key})).fetchone()
            if found is None:
                raise _unknown(run_id)
            features = await (await connection.execute(FEATURES, (run_id,))).fetchall()
            verdicts = await (await connection.execute(VERDICTS, (run_id,))).fetchall()
        return {
            **_shown(found),
            "prompt": found["masked_prompt"],
            "answer": found["masked_answer"],
            "features": features,
            "verdicts": [{**row, "at": row["at"].isoformat()} for row in verdicts],
        }

    async def runs(self, wanted: Mapping[str, Any], key: str | None) -> list[dict[str, Any]]:
        """Return runs, newest first; `wanted` holds every filter by name, None where it does not matter."""
        await self._log.settle()
        async with connected(self._log.url) as connection:
            rows = await (await connection.execute(LIST, {**wanted, "key": key})).fetchall()
        return [_shown(row) for row in rows]

    async def judge(self, run_id: str, verdicts: Sequence[Mapping[str, Any]], key: str | None) -> None:
        """Add verdicts to a run; one whose id is there already changes nothing. Raises RunUnknown.

        A masked run keeps no personal data, so neither do its verdicts: the values are left out.
        """
        await self._log.settle()
        async with connected(self._log.url) as connection:
            found = await (await connection.execute(RUN, {"id": run_id, "key": key})).fetchone()
            if found is None:
                raise _unknown(run_id)
            rows = [_verdict_row(run_id, verdict, masked=found["masked"]) for verdict in verdicts]
            async with connection.cursor() as cursor:
                await cursor.executemany(INSERT_VERDICT, rows)


def _unknown(run_id: str) -> RunUnknown:
    """Return the problem of a run that is not there."""
    message = f"There is no run {run_id} that this key may see."
    return RunUnknown(message)


def _verdict_row(run_id: str, verdict: Mapping[str, Any], *, masked: bool) -> dict[str, Any]:
    """Return the row of one verdict."""
    texts = {name: None if masked or verdict[name] is None else Jsonb(verdict[name]) for name in ("value", "final")}
    return {**verdict, **texts, "run_id": run_id}


def _shown(row: Row) -> dict[str, Any]:
    """Return a run as callers see it, without its texts."""
    subject = None if row["subject_type"] is None else {"type": row["subject_type"], "id": row["subject_id"]}
    at: datetime = row["started_at"]
    return {**{name: row[name] for name in PLAIN}, "id": str(row["id"]), "at": at.isoformat(), "subject": subject}
