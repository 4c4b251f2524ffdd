"""The gateway's database as its endpoints ask it: seldom and by people, so each question opens its own connection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from inference.gateway.problems import GatewayProblem, RequestInvalid

CONNECT_SECONDS = 3
STATEMENT_MILLISECONDS = 15_000

Connection = psycopg.AsyncConnection[DictRow]


class DatabaseAway(GatewayProblem):
    """The database with the runs and the decisions cannot be reached; models still answer."""

    kind = "run-log-unavailable"
    title = "The log of runs is not available now"
    status = 503
    retry_after_seconds = 10


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """Open a connection whose work is one transaction. Raises DatabaseAway, or RequestInvalid for values it refuses."""
    options: dict[str, Any] = {"options": f"-c statement_timeout={STATEMENT_MILLISECONDS}"}
    try:
        async with await psycopg.AsyncConnection.connect(
            url, connect_timeout=CONNECT_SECONDS, row_factory=dict_row, **options
        ) as connection:
            yield connection
    except (psycopg.DataError, UnicodeEncodeError) as error:
        message = "The request holds a value that cannot be stored or compared, such as a NUL or half a character."
        raise RequestInvalid(message) from error
    except psycopg.Error as error:
        message = f"The gateway's database does not answer as it should ({type(error).__name__})."
        raise DatabaseAway(message) from error
