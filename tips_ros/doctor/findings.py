# SPDX-License-Identifier: Apache-2.0
"""Findings as aligned text for people and as plain data for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

_WIDTH = 100
_MARKS = {"good": " ", "absent": "-", "broken": "!"}


class Status(str, Enum):
    """Status of a finding."""

    GOOD = "good"
    ABSENT = "absent"  # something goes without it
    BROKEN = "broken"  # somebody has to do something


@dataclass(frozen=True)
class Finding:
    """One line.

    Attributes:
        topic: what it is about.
        value: what was found.
        status: how that is.
        advice: what its absence costs, or the fix.
    """

    topic: str
    value: str
    status: Status = Status.GOOD
    advice: str = ""


@dataclass(frozen=True)
class Section:
    """Findings under one title."""

    title: str
    findings: tuple[Finding, ...]


def is_broken(sections: Sequence[Section]) -> bool:
    """Whether anything needs to be mended."""
    return any(f.status is Status.BROKEN for section in sections for f in section.findings)


def as_text(sections: Sequence[Section]) -> str:
    """Aligned lines; `-` marks what is absent, `!` what is broken."""
    lines: list[str] = []
    for section in sections:
        width = max((len(finding.topic) for finding in section.findings), default=0)
        lines += ["", section.title] if lines else [section.title]
        for finding in section.findings:
            words = finding.value
            if finding.advice:
                words += f": {finding.advice}"
            head = f"{_MARKS[finding.status.value]} {finding.topic:<{width}}  "
            lines += textwrap.wrap(
                words,
                _WIDTH,
                initial_indent=head,
                subsequent_indent=" " * len(head),
                break_long_words=False,
                break_on_hyphens=False,
            ) or [head.rstrip()]
    return "\n".join(lines)


def as_data(sections: Sequence[Section]) -> dict[str, Any]:
    """Plain data, for JSON."""
    return {
        "broken": is_broken(sections),
        "sections": [
            {
                "title": section.title,
                "findings": [
                    {**asdict(finding), "status": finding.status.value}
                    for finding in section.findings
                ],
            }
            for section in sections
        ],
    }
