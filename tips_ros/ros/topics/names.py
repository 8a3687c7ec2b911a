# SPDX-License-Identifier: Apache-2.0
"""Names of cameras, and of the topics and parameters that belong to one.

A node with one camera calls it "": its topics are `image` and `~/depth/image`. Of several each has
a name, which stands first: `front/image`, `~/front/depth/image`, and the parameter
`front.rotation_deg`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

ONLY = ""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# What names of the node's own topics and parameters begin with: a camera's would be mixed up with
# them.
_TAKEN = {
    *("find", "memory"),
    *("depth", "ground", "locate", "normals", "objects", "objects_2d", "points"),
    *("points_filtered", "points_ground", "points_obstacles", "scan", "semantic"),
    *("set_prompts", "similarity"),
    *("extrinsics", "qos_overrides", "temporal"),
}


def cameras_named(names: Sequence[str]) -> tuple[str, ...]:
    """The cameras for a list of names; none is the one without a name.

    Raises:
        ValueError: a name that can't begin a topic's, or stands twice.
    """
    for name in names:
        if not _NAME.fullmatch(name) or "__" in name or name.endswith("_"):
            raise ValueError(
                f"camera {name!r}: a name is letters, digits and single underscores within, "
                "beginning with a letter, because topics are named by it"
            )
        if name in _TAKEN:
            raise ValueError(f"camera {name!r}: the node has topics or parameters of that name")
        if names.count(name) > 1:
            raise ValueError(f"camera {name!r} is named twice")
    return tuple(names) or (ONLY,)


# What is listened to of a camera, before remapping.
INPUTS = ("image", "camera_info", "sensor/depth", "sensor/points", "sensor/scan", "imu")


def input_topic(camera: str, name: str) -> str:
    """`image` → `front/image`, before remapping."""
    return f"{camera}/{name}" if camera else name


def output_topic(camera: str, name: str) -> str:
    """`depth/image` → `~/front/depth/image`."""
    return f"~/{camera}/{name}" if camera else f"~/{name}"


def parameter_name(camera: str, name: str) -> str:
    """`rotation_deg` → `front.rotation_deg`."""
    return f"{camera}.{name}" if camera else name
