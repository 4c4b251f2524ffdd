"""The figures of a quality board, counted from runs, their evidence and the verdicts of people, by day in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference.gateway.database import connected
from inference.gateway.records import OWN
from inference.gateway.run_log import RunLog

# The last word of a person on a value counts: what was accepted and then undone is undone. Where the value is not kept
# (masked runs), each verdict stands for itself.
QUALITY = f"""
WITH chosen AS (
    SELECT *, (started_at AT TIME ZONE 'UTC')::date AS day
    FROM gateway.runs
    WHERE module IS NOT NULL AND {OWN}
        AND (%(module)s::text IS NULL OR module = %(module)s)
        AND (%(since)s::timestamptz IS NULL OR started_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR started_at < %(until)s)
),
evidence AS (
    SELECT run_id, count(*) AS pieces, count(value) AS proposed
    FROM gateway.run_features WHERE run_id IN (SELECT id FROM chosen) GROUP BY run_id
),
last_words AS (
    SELECT DISTINCT ON (run_id, field, coalesce(value, to_jsonb(id))) run_id, verdict, edit_distance
    FROM gateway.run_verdicts WHERE run_id IN (SELECT id FROM chosen)
    ORDER BY run_id, field, coalesce(value, to_jsonb(id)), at DESC, sequence DESC
),
judged AS (
    SELECT run_id,
        count(*) FILTER (WHERE verdict = 'accepted') AS accepted,
        count(*) FILTER (WHERE verdict = 'edited') AS edited,
        count(*) FILTER (WHERE verdict = 'rejected') AS rejected,
        count(*) FILTER (WHERE verdict = 'undone') AS undone,
        count(*) FILTER (WHERE verdict = 'kept') AS kept,
        sum(edit_distance) FILTER (WHERE verdict = 'edited') AS distance,
        count(edit_distance) FILTER (WHERE verdict = 'edited') AS distances
    FROM last_words GROUP BY run_id
)
SELECT module, module_version, prompt_version, model, day,
    count(*) AS runs,
    count(*) FILTER (WHERE verdict = 'ok') AS ok,
    count(*) FILTER (WHERE verdict = 'repaired') AS repaired,
    count(*) FILTER (WHERE verdict = 'degraded') AS degraded,
    count(*) FILTER (WHERE verdict IN ('failed', 'output_invalid', 'engine_unavailable')) AS failed,
    count(*) FILTER (WHERE verdict IN ('ok', 'repaired', 'degraded') AND pieces IS NULL) AS abstained,
    coalesce(sum(proposed), 0)::bigint AS proposals,
    coalesce(sum(accepted), 0)::bigint AS accepted,
    coalesce(sum(edited), 0)::bigint AS edited,
    coalesce(sum(rejected), 0)::bigint AS rejected,
    coalesce(sum(undone), 0)::bigint AS undone,
    coalesce(sum(kept), 0)::bigint AS kept,
    (sum(distance) / nullif(sum(distances), 0))::double precision AS edit_distance,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms) AS p50_ms,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95_ms,
    sum(engine_ms)::double precision / 1000 AS engine_seconds,
    sum(prompt_tokens)::bigint AS prompt_tokens,
    sum(completion_tokens)::bigint AS completion_tokens
FROM chosen
LEFT JOIN evidence ON evidence.run_id = chosen.id
LEFT JOIN judged ON judged.run_id = chosen.id
GROUP BY module, module_version, prompt_version, model, day
ORDER BY day DESC, module, module_version, prompt_version, model
"""  # noqa: S608 - our own words


async def quality(run_log: RunLog, wanted: Mapping[str, Any], key: str | None) -> list[dict[str, Any]]:
    """Return the figures of each module, version, model and day; `wanted` holds `module`, `since` and `until`."""
    await run_log.settle()
    async with connected(run_log.url) as connection:
        rows = await (await connection.execute(QUALITY, {**wanted, "key": key})).fetchall()
    return [{**row, "day": row["day"].isoformat()} for row in rows]
