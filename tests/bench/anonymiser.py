"""The anonymiser: speed on one core, on text in which every sentence is another; recall and precision by class."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

from inference.anonymise import CLASSES, Masker
from tests.bench.report import Figure, Report
from tests.inference.anonymise.scoring import LANGUAGES, score, sentences

KILOBYTES = 400
WARM_UP_KILOBYTES = 30
GOAL_KILOBYTES_A_SECOND = 200
GOAL_RECALL = 0.95
DIGIT = re.compile(r"\d")


def letters(language: str, kilobytes: int, seed: int) -> str:
    """Text of the labelled sentences in random order, with new digits, so that hardly any sentence comes twice."""
    chance = random.Random(seed)
    texts = [sentence.text for sentence in sentences(language)]
    lines: list[str] = []
    size = 0
    while size < kilobytes * 1000:
        line = DIGIT.sub(lambda _: str(chance.randint(0, 9)), chance.choice(texts)) + f" ({chance.randint(1, 99999)})"
        lines.append(line)
        size += len(line.encode()) + 1
    return "\n".join(lines)


def speed(language: str) -> float:
    """KB of UTF-8 text a second of processor time of this process."""
    Masker(language).mask(letters(language, WARM_UP_KILOBYTES, 1))
    text = letters(language, KILOBYTES, 2)
    started = time.process_time()
    Masker(language).mask(text)
    return len(text.encode()) / 1000 / (time.process_time() - started)


def run(folder: Path, report: Report) -> None:
    """Speed and hits for both languages."""
    del folder
    for language in LANGUAGES:
        reached = speed(language)
        goal = f">= {GOAL_KILOBYTES_A_SECOND} KB/s"
        report.add(
            Figure(f"anonymiser speed, {language}", reached, "KB/s", goal=goal, met=reached >= GOAL_KILOBYTES_A_SECOND)
        )
        total = score(language)
        for kind in CLASSES[:15]:
            recall = total.recall(kind)
            report.add(
                Figure(
                    f"anonymiser recall, {language}, {kind}",
                    recall,
                    "share",
                    goal=f">= {GOAL_RECALL}",
                    met=recall >= GOAL_RECALL,
                )
            )
            report.add(Figure(f"anonymiser precision, {language}, {kind}", total.precision(kind), "share"))
