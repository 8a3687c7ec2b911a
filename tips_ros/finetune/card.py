# SPDX-License-Identifier: Apache-2.0
"""The origin of a fine-tuned model: a file for programs, and the same as a page for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from tips_ros.evaluation.results import EvaluationResults

FACTS_FILE, CARD_FILE = "finetune.json", "README.md"


class BagFacts(NamedTuple):
    """Facts of one bag that was used.

    Attributes:
        path, sha256: of the bag, and of its storage files.
        topics: of its images and of its measured depth.
        learn, watch, held_out: how many frames.
        registration: whether its depth lies on the pictures, and what was done about it.
    """

    path: str
    sha256: str
    topics: str
    learn: int
    watch: int
    held_out: int
    registration: str


def write_card(folder: Path, facts: dict[str, Any], bags: list[BagFacts]) -> None:
    """Writes both files.

    Args:
        folder: of the model.
        facts: of the model that was adapted, of the settings, the way, versions and the numbers
            `before` and `after`, in types that JSON has.
        bags: what was taken of each bag.
    """
    table = facts | {"bags": [bag._asdict() for bag in bags]}
    (folder / FACTS_FILE).write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    (folder / CARD_FILE).write_text(_card(facts, bags), encoding="utf-8")


def compare(before: EvaluationResults, after: EvaluationResults) -> list[str]:
    """Returns the lines that compare depth before and after, corrected for the lens."""
    lines = []
    a, b = before.depth_with_focal, after.depth_with_focal
    if a is None or b is None:
        return ["depth could not be measured on the frames kept apart"]
    for name, field in (
        ("AbsRel", "abs_rel"),
        ("AbsRel, scaled by the median", "median_scaled_abs_rel"),
        ("RMSE, m", "rmse_m"),
        ("within 25 %", "delta1"),
    ):
        was, now = (float(getattr(x.errors, field)) for x in (a, b))
        lines.append(f"{name}: {was:.3f} → {now:.3f} ({100 * (now / was - 1):+.0f} %)")
    return lines


def _card(facts: dict[str, Any], bags: list[BagFacts]) -> str:
    rows = [
        f"| {b.path} | {b.topics} | {b.learn}, {b.watch}, {b.held_out} | {b.registration} | "
        f"`{b.sha256[:16]}…` |"
        for b in bags
    ]
    settings = ", ".join(f"{name} {value}" for name, value in facts["settings"].items())
    way = facts["way"]
    return "\n".join(
        [
            f"# {facts['model']}, its depth head fine-tuned",
            "",
            f"By `tips_ros finetune` {facts['versions']['tips_ros']} with torch "
            f"{facts['versions']['torch']}, from the model `{facts['model']}`. Image encoder, "
            "other heads and text encoder are that model's files, byte for byte; the depth head is "
            "`tips_finetuned_depth_dpt.zip`. All of this and more, for programs: "
            f"`{FACTS_FILE}`.",
            "",
            "| bag | images, depth | frames learnt from, watched, kept apart | depth lies on the "
            "picture | sha256 |",
            "|---|---|---|---|---|",
            *rows,
            "",
            f"Settings: {settings}. {way['steps']} steps were done, of which the weights after "
            f"{way['best_step']} were kept"
            + (", for it was interrupted." if way["interrupted"] else "."),
            "",
            "On the frames kept apart, by the code of `tips_ros eval`, before and after:",
            "",
            *(f"* {line}" for line in facts["told"]),
            "",
            f"Deviation of depth: {facts['deviation']}.",
            "",
        ]
    )
