"""What a command says when it cannot go on: one sentence, one remedy, one exit code."""

from __future__ import annotations

from typing import IO, Any

import click


class Problem(click.ClickException):
    """An expected failure, shown as a sentence and what to do about it, never as a traceback."""

    def __init__(self, sentence: str, remedy: str = "", exit_code: int = 1) -> None:
        super().__init__(sentence)
        self.remedy = remedy
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the sentence and the remedy to standard error."""
        click.echo(f"{click.style('ostrov:', fg='red', bold=True)} {self.message}", file=file, err=file is None)
        if self.remedy:
            click.echo(f"        {self.remedy}", file=file, err=file is None)
