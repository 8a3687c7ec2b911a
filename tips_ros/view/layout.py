# SPDX-License-Identifier: Apache-2.0
"""The layout of the screen: what there is of a scene, the space beside the images, plots below."""

from __future__ import annotations

import numpy as np
import rerun.blueprint as rrb

from tips_ros.view.scene import Kind, Scene

_IMAGE_KINDS = (Kind.PICTURE, Kind.LABELS, Kind.DEPTH, Kind.DEVIATION, Kind.NORMALS)
_IN_SPACE = (Kind.CLOUD, Kind.BOXES, Kind.FLOOR)
_MOST_IMAGES = 9  # views; the rest is in the list of entities
_BEHIND_M, _ABOVE_M, _AHEAD_M = 2.4, 1.3, 2.5
_COLOURED, _PARTS = ("points", "points_filtered"), ("points_ground", "points_obstacles")
_OPTICAL_UP, _LEVEL_UP = (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)


def layout(scene: Scene, *, live: bool = False) -> rrb.Blueprint:
    """Lays out what has come into the scene up to now.

    Args:
        scene: with all kinds of entities that there will be.
        live: the screen follows what comes; otherwise it stands at the beginning.
    """
    images: list[rrb.View] = [
        _image_view(name, kind) for name, kind in _by_kind(scene)[:_MOST_IMAGES]
    ]
    left = [_space_view(scene, live)] if _has_space(scene) else []
    below: list[rrb.View] = [*_plots(scene), *_pages(scene)]
    if below and len(images) > 2 and len(images) % 2:
        images.append(below.pop())  # the last place of two columns would be empty
    if below:
        left.append(rrb.Horizontal(*below))  # type: ignore[arg-type]
    columns = [rrb.Vertical(*left, row_shares=[3, 2][: len(left)])] if left else []
    if images:
        columns.append(rrb.Grid(*images, grid_columns=2 if len(images) > 2 else 1))
    return rrb.Blueprint(
        rrb.Horizontal(*columns),
        rrb.TimePanel(
            timeline=scene.timeline,
            state="collapsed",
            # A browser that draws in software would be busy with nothing but playing.
            play_state="following" if live else "paused",
            loop_mode="off" if live else "all",
        ),
        collapse_panels=True,
        auto_views=False,
        auto_layout=False,
    )


def _by_kind(scene: Scene) -> list[tuple[str, Kind]]:
    images = [(name, kind) for name, kind in scene.kinds.items() if kind in _IMAGE_KINDS]
    return sorted(images, key=lambda one: _IMAGE_KINDS.index(one[1]))


def _image_view(entity: str, kind: Kind) -> rrb.Spatial2DView:
    return rrb.Spatial2DView(origin=f"/{entity}", name=f"{kind.value}: {entity}")


def _has_space(scene: Scene) -> bool:
    some = any(kind in _IN_SPACE for kind in scene.kinds.values())
    return some or bool(scene.pinholes and scene.image_frame)


def _space_view(scene: Scene, live: bool) -> rrb.Spatial3DView:
    # A recording stands at its beginning: at its end the camera was elsewhere.
    root, pose = scene.eye_pose(first=not live)
    has_cloud = Kind.CLOUD in scene.kinds.values()
    # An image of a camera with intrinsics stands in space, too: the first picture alone does here.
    shown: list[str] = []
    hidden: list[str] = []
    for entity, kind in scene.kinds.items():
        if kind in _IMAGE_KINDS:
            is_first = kind is Kind.PICTURE and not shown
            depth_as_cloud = kind is Kind.DEPTH and not has_cloud
            (shown if is_first or depth_as_cloud else hidden).append(entity)
    for entity in scene.kinds:
        node, _, name = entity.rpartition("/")
        if name in _PARTS and any(f"{node}/{cloud}" in scene.kinds for cloud in _COLOURED):
            hidden.append(entity)  # it would lie on the coloured cloud, which shows the same
    contents = ["+ /**", *(f"- /{entity}/**" for entity in hidden)]
    is_moved = root != scene.image_frame
    forward = pose[:3, :3] @ np.array([0.0, 0.0, 1.0])
    up = np.array(_LEVEL_UP if is_moved else _OPTICAL_UP)
    at = pose[:3, 3]
    eye = rrb.EyeControls3D(
        position=at - _BEHIND_M * forward + _ABOVE_M * up,
        look_target=at + _AHEAD_M * forward,
        eye_up=up,
    )
    if not scene.image_frame:
        eye = rrb.EyeControls3D(eye_up=up)
    return rrb.Spatial3DView(
        origin="/",
        contents=contents,
        name=f"space, in {root}" if root else "space",
        spatial_information=rrb.SpatialInformation(target_frame=root) if root else None,
        eye_controls=eye,
    )


def _plots(scene: Scene) -> list[rrb.TimeSeriesView]:
    plots = []
    for kind, name in ((Kind.RATE, "frames a second"), (Kind.MILLISECONDS, "milliseconds")):
        lines = [f"+ /{entity}" for entity, one in scene.kinds.items() if one is kind]
        if lines:
            plots.append(rrb.TimeSeriesView(origin="/", contents=lines, name=name))
    return plots


def _pages(scene: Scene) -> list[rrb.TextDocumentView]:
    pages = [entity for entity, kind in scene.kinds.items() if kind is Kind.TEXT]
    return [rrb.TextDocumentView(origin=f"/{entity}", name="numbers") for entity in pages[:1]]
