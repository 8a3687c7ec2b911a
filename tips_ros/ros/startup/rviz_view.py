# SPDX-License-Identifier: Apache-2.0
"""RViz's view of the outputs, written for the cameras and the fixed frame that there are.

config/tips.rviz is the pattern: the view of one camera in its own optical frame.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tips_ros.resources import share_dir
from tips_ros.ros.startup.window_state import Panel, window_state
from tips_ros.ros.topics.names import output_topic

_IMAGE = "rviz_default_plugins/Image"
_CAMERA = "Camera image"
_OPTICAL_GRID, _UPRIGHT_GRID = "Grid 1 m below the camera", "Ground"
_UPRIGHT_VIEW = "z up"
# Of several cameras these alone are ticked: more pictures would have no room.
_SHOWN_OF_SEVERAL = ("Filtered points", "Classes", "Depth")
# The endings by which RViz knows that a topic is no plain image.
_READ_BY_RVIZ = "/compressed"


class ViewedCamera(NamedTuple):
    """A camera to show.

    Attributes:
        name: its name; "" for the only one.
        image: the topic of its images, in full.
        compressed: whether these are CompressedImage.
    """

    name: str
    image: str
    compressed: bool = False


def pattern() -> dict[str, Any]:
    """The view that comes with the package.

    Raises:
        OSError: it is not there.
    """
    text = (share_dir() / "config" / "tips.rviz").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def view_of(
    cameras: Sequence[ViewedCamera], node: str, frame: str, z_up: bool
) -> dict[str, Any]:
    """The contents of an RViz file.

    Args:
        cameras: what to show, at least one.
        node: the full name of the node whose outputs are shown, such as /robot1/tips.
        frame: the fixed frame.
        z_up: whether its z axis points up, as of base_link; else it is a camera's optical frame.
    """
    view = pattern()
    manager = view["Visualization Manager"]
    manager["Global Options"]["Fixed Frame"] = frame
    common = [display for display in manager["Displays"] if "Topic" not in display]
    of_cameras = [display for display in manager["Displays"] if "Topic" in display]
    for display in common:
        if display["Name"] in (_OPTICAL_GRID, _UPRIGHT_GRID):
            _tick(display, (display["Name"] == _UPRIGHT_GRID) == z_up)
    columns = [
        list(_displays(of_cameras, camera, node, len(cameras) > 1)) for camera in cameras
    ]
    manager["Displays"] = [*common, *(display for column in columns for display in column)]
    if z_up:
        _look_from(manager["Views"], _UPRIGHT_VIEW)
    _arrange(view, columns)
    return view


def write_view(view: Mapping[str, Any], path: Path) -> None:
    """Writes the file that `rviz2 -d` reads.

    Raises:
        OSError: that can't be done.
    """
    path.write_text(yaml.safe_dump(dict(view), sort_keys=False, width=10_000), encoding="utf-8")


def _displays(
    displays: Sequence[Mapping[str, Any]], camera: ViewedCamera, node: str, several: bool
) -> Iterator[dict[str, Any]]:
    """The displays of one camera, each with a name of its own."""
    for one in displays:
        display = copy.deepcopy(dict(one))
        topic = display["Topic"]
        if display["Name"] == _CAMERA:
            # RViz reads a transport off the topic's name: of another name it would expect Image.
            if camera.compressed and not camera.image.endswith(_READ_BY_RVIZ):
                continue
            topic["Value"] = camera.image
        elif topic["Value"]:
            output = topic["Value"].partition("/")[2]
            topic["Value"] = node + output_topic(camera.name, output).removeprefix("~")
        if several:
            _tick(display, display["Name"] in _SHOWN_OF_SEVERAL)
            display["Name"] = f"{display['Name']} {camera.name}"
        yield display


def _tick(display: dict[str, Any], enabled: bool) -> None:
    display["Enabled"] = display["Value"] = enabled


def _look_from(views: dict[str, Any], name: str) -> None:
    """Changes places of the current view and a saved one."""
    (chosen,) = [view for view in views["Saved"] if view["Name"] == name]
    current = views["Current"]
    views["Saved"] = [view for view in views["Saved"] if view is not chosen]
    views["Saved"].append({**current, "Name": "Behind the camera"})
    views["Current"] = {**chosen, "Name": current["Name"]}


def _arrange(view: dict[str, Any], columns: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    """Gives each panel its place: one that has none would float above the window."""
    window = view["Window Geometry"]
    pictures = [
        [Panel(d["Name"], d["Enabled"]) for d in column if d["Class"] == _IMAGE]
        for column in columns
    ]
    left = [Panel(panel["Name"]) for panel in view["Panels"]]
    window["QMainWindow State"] = window_state(left, pictures, (window["Width"], window["Height"]))
    for panel in (panel for column in pictures for panel in column):
        window[panel.title] = {"collapsed": False}
