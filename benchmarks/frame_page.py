# SPDX-License-Identifier: Apache-2.0
"""The path of a frame as text and as a drawing, for a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

PIPELINE, NEWEST = "ros/pipeline/pipeline.py", "ros/inputs/latest_images.py"
MARKS = "<!-- frame path -->", "<!-- end of the frame path -->"


class Step(NamedTuple):
    """A call from one file into another."""

    thread: str
    depth: int  # calls between files that are under way
    caller: str | None  # None: the first of all
    place: str
    function: str


def page_with(page: str, steps: list[Step], figures: str) -> str:
    """The page with another path between its marks."""
    before, _, rest = page.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    if not after:
        raise SystemExit(f"no {MARKS[0]} … {MARKS[1]} in the page")
    drawing = ["```mermaid", *drawing_lines(steps), "```"]
    path = ["```text", *path_lines(steps), "```"]
    middle = [MARKS[0], "", *drawing, "", f"{figures}:", "", *path, "", MARKS[1]]
    return before + "\n".join(middle) + after


def drawing_lines(steps: list[Step]) -> Iterator[str]:
    """Mermaid's words for the files by the thread that first enters them, and their calls."""
    yield "flowchart LR"
    box = {place: f"f{i}" for i, place in enumerate(dict.fromkeys(step.place for step in steps))}
    box.setdefault(PIPELINE, "pipeline")
    entered: dict[str, list[str]] = {}
    for step in steps:
        if all(step.place not in places for places in entered.values()):
            entered.setdefault(step.thread, []).append(step.place)
    for thread, places in entered.items():
        yield f'  subgraph {thread.replace(" ", "_")}["{thread}"]'
        for place in places if thread != "tips pipeline" else [PIPELINE, *places]:
            yield f'    {box[place]}["{place.removesuffix(".py")}"]'
        yield "  end"
    calls = dict.fromkeys((step.caller, step.place) for step in steps if step.caller)
    for caller, place in calls:
        yield f"  {box[caller]} --> {box[place]}"
    yield f"  {box[NEWEST]} -. newest image .-> {box[PIPELINE]}"


def path_lines(steps: list[Step]) -> Iterator[str]:
    """The calls between files, indented by who calls whom, thread after thread."""
    thread = None
    for step in steps:
        if step.thread != thread:
            thread = step.thread
            yield f"[{thread}]"
        yield f"{'  ' * (step.depth + 1)}{step.place} {step.function}"
