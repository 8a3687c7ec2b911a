# SPDX-License-Identifier: Apache-2.0
"""The table of all parameters as Markdown: `python -m tips_ros.ros.parameters.docs FILE`."""

from __future__ import annotations

import argparse
from pathlib import Path

from tips_ros.ros.parameters.declaration import ITEMS, UNBOUNDED, ParameterSpec
from tips_ros.ros.parameters.table import PARAMETERS

HEAD = """\
# Parameters of the node

[Index](README.md)

Written by `python -m tips_ros.ros.parameters.docs docs/parameters.md` from the tables in
`tips_ros/ros/parameters/subjects/`: change it there. `config/tips.yaml` sets the same values.

*Applies* says when a change takes effect: *at once*, from the next frame; *at configure*, after
deactivate, cleanup, configure and activate; *at start*, read-only while the node runs. A value that
can't be is refused, and the reason comes back to whoever set it. A whole number is taken where a
double is meant, and `5.0` where an integer is. Parameters that are set together, as
`ros2 param load` does it, are checked together: their order does not matter. Besides these, each
topic has `qos_overrides.<topic>.*`.

With several `cameras`, those marked *each* can be set for one camera, as `front.rotation_deg`: that
camera keeps what was set for it, at start or later. The plain name, `rotation_deg`, is for all the
others, at start and whenever it is set.

What the launch passes wins in this order, the last one most: the defaults, `SetParameter` of a
launch file that includes `tips.launch.py`, `params_file`, the launch arguments.

| parameter | type | unit | default | allowed | applies | cameras | meaning |
|---|---|---|---|---|---|---|---|
"""


def document() -> str:
    """The whole page."""
    return HEAD + "".join(_row(declared) for declared in PARAMETERS)


def _row(declared: ParameterSpec) -> str:
    cells = (
        f"`{declared.name}`",
        _type_of(declared),
        declared.unit,
        f"`{declared.default_text}`",
        _allowed_values(declared),
        declared.applies,
        "each" if declared.per_camera else "",
        # A bar ends a cell, even within a code span, and <image> would be taken for HTML.
        declared.description.replace("|", "\\|").replace("<", "&lt;"),
    )
    return f"| {' | '.join(cells)} |\n"


def _type_of(declared: ParameterSpec) -> str:
    if declared.items is not None:
        return f"list of {ITEMS[declared.items]}"
    return {bool: "bool", int: "int", float: "double", str: "string"}[type(declared.default)]


def _allowed_values(declared: ParameterSpec) -> str:
    if declared.low is not None and declared.high is not None:
        if declared.high >= UNBOUNDED:
            return f"{declared.low:g} or more"
        return f"{declared.low:g} to {declared.high:g}"
    return ", ".join(f"`{choice}`" for choice in declared.choices)


def write(text: str, about: str | None) -> None:
    """Writes a page to the file that the command line names; `about` is for its help."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.parse_args().file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(document(), __doc__)
