# SPDX-License-Identifier: Apache-2.0
"""Things drawn in space, and the timeline they are on, as a newcomer would want to see them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rerun", reason="rerun-sdk is not installed: ./run test brings it")

import rerun as rr

from tips_ros.view import layout as module
from tips_ros.view.scene import APPLICATION, RECEIPTS, STAMPS, Kind, Scene
from tips_ros.view.space import MOST_POINTS, draw_boxes, draw_cloud, draw_floor
from tips_ros.view.topics import TopicDrawer

from .conftest import SIZE, START_NS, BagMaker

YEARS_NS = 10**17


@pytest.fixture
def make() -> BagMaker:
    return BagMaker()


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[Any, ...]]]:
    """Entity → contents that a scene was given, in their order."""
    given: dict[str, list[tuple[Any, ...]]] = {}
    put = Scene.put

    def note(self: Scene, entity: str, kind: Kind, at_ns: int, *content: Any) -> None:
        given.setdefault(entity, []).append(content)
        put(self, entity, kind, at_ns, *content)

    monkeypatch.setattr(Scene, "put", note)
    return given


@pytest.fixture
def scene() -> Scene:
    return Scene(rr.RecordingStream(APPLICATION))


def positions(content: tuple[Any, ...]) -> np.ndarray:
    (points,) = (one for one in content if isinstance(one, (rr.Points3D, rr.Points2D)))
    return np.array(points.positions.as_arrow_array().to_pylist())


def organised(make: BagMaker, height: int, width: int) -> Any:
    """A cloud whose points are column, row, 1."""
    row, column = np.divmod(np.arange(height * width), width)
    message = make.cloud(START_NS, np.column_stack([column, row, np.ones(len(row))]))
    message.height, message.width = height, width
    message.row_step = message.point_step * width
    return message


@pytest.mark.slow
@pytest.mark.parametrize("size", [(480, 640), (1080, 1920), (150, 4000)])
def test_of_a_cloud_with_rows_as_many_rows_are_shown_as_columns_for_their_length(
    size: tuple[int, int], make: BagMaker, scene: Scene, drawn
):
    draw_cloud(scene, "points", organised(make, *size), START_NS)
    (content,) = drawn["points"]
    shown = positions(content)
    assert MOST_POINTS / 4 < len(shown) <= MOST_POINTS
    steps = [np.diff(np.unique(shown[:, axis])).max() for axis in (0, 1)]
    assert steps[0] == steps[1]


@pytest.mark.slow
def test_of_a_cloud_without_rows_those_that_are_known_are_thinned(
    make: BagMaker, scene: Scene, drawn
):
    points = np.full((3 * MOST_POINTS, 3), np.nan)
    points[: MOST_POINTS + 10] = 1.0
    draw_cloud(scene, "points", make.cloud(START_NS, points), START_NS)
    assert len(positions(drawn["points"][0])) == MOST_POINTS / 2 + 5


def test_things_and_a_floor_have_a_frame_before_there_are_any(make: BagMaker, scene: Scene, drawn):
    none: dict[str, Any] = dict(centres=[], sizes=[], quaternions=[], labels=[])
    draw_boxes(scene, "objects", START_NS, "camera", **none)
    draw_floor(scene, "ground", _ground(make, status=0), START_NS)
    for entity in ("objects", "ground"):
        assert any(isinstance(one, rr.CoordinateFrame) for one in drawn[entity][0]), entity


def _ground(make: BagMaker, status: int) -> Any:
    plane = [0.0, -1.0, 0.0, 0.6] if status else [np.nan] * 4
    return make.ground(START_NS, status, np.array(plane))


def test_a_floor_places_the_scan_where_nobody_tells_tf(make: BagMaker, scene: Scene, drawn):
    draw_floor(scene, "ground", _ground(make, status=1), START_NS)
    (content,) = drawn["ground/level"]
    (placed,) = content
    assert placed.parent_frame.as_arrow_array().to_pylist() == ["camera_optical"]
    assert placed.child_frame.as_arrow_array().to_pylist() == ["camera_optical_level"]


def test_where_tf_tells_it_the_floor_does_not(make: BagMaker, scene: Scene, drawn):
    scene.place("camera_optical", "camera_optical_level", np.eye(4))
    draw_floor(scene, "ground", _ground(make, status=1), START_NS)
    assert "ground/level" not in drawn


def test_parts_of_a_coloured_cloud_do_not_lie_on_it(scene: Scene, monkeypatch):
    given: list[dict[str, Any]] = []
    real = module.rrb.Spatial3DView
    monkeypatch.setattr(
        module.rrb, "Spatial3DView", lambda **view: given.append(view) or real(**view)
    )
    parts = ["tips/points_ground", "tips/points_obstacles"]
    scene.kinds = dict.fromkeys(parts, Kind.CLOUD)
    module.layout(scene)
    scene.kinds = {**scene.kinds, "lidar/points": Kind.CLOUD}
    module.layout(scene)
    scene.kinds = {**scene.kinds, "tips/points": Kind.CLOUD}
    module.layout(scene)
    for view, hidden in zip(given, (False, False, True), strict=True):
        assert [f"- /{part}/**" in view["contents"] for part in parts] == [hidden] * 2


def test_each_class_has_its_name_within_its_piece_of_the_mask(make: BagMaker, scene: Scene, drawn):
    labels = np.full((48, 64), 255, np.uint8)
    labels[:, 40:], labels[30:, :20], labels[0, :4] = 7, 3, 9
    TopicDrawer(scene).draw(
        "/tips/semantic/image",
        "sensor_msgs/msg/Image",
        make.image(START_NS, "mono8", labels),
        START_NS,
    )
    (content,) = drawn["tips/semantic/image/names"]
    (points,) = content
    ids = points.class_ids.as_arrow_array().to_pylist()
    assert ids == [3, 7]  # neither the unlabelled rest nor a speck
    for class_id, (x, y) in zip(ids, positions(content).astype(int), strict=True):
        assert labels[y, x] == class_id


@pytest.mark.parametrize(
    ("received_ns", "timeline"),
    [(START_NS + 10**9, STAMPS), (START_NS + YEARS_NS, RECEIPTS)],
    ids=["live", "replayed"],
)
def test_what_is_replayed_is_shown_by_the_time_it_came(
    received_ns: int, timeline: str, make: BagMaker, scene: Scene
):
    red = np.zeros((*SIZE, 3), np.uint8)
    image = make.image(START_NS, "rgb8", red)
    TopicDrawer(scene).draw("/image", image.__msgtype__, image, received_ns)
    assert scene.timeline == timeline
    module.layout(scene)


def test_diagnostics_of_now_beside_frames_of_now_leave_the_stamps(make: BagMaker, scene: Scene):
    drawer = TopicDrawer(scene)
    message = make.diagnostics(START_NS)
    drawer.draw("/diagnostics", message.__msgtype__, message, START_NS + YEARS_NS)
    assert scene.timeline == STAMPS


@pytest.mark.parametrize(("age_ms", "is_shown"), [("85.0", True), ("95717803201.9", False)])
def test_the_age_of_a_replayed_frame_is_no_line_of_the_plot(
    age_ms: str, is_shown: bool, make: BagMaker, scene: Scene, drawn
):
    message = make.diagnostics(START_NS)
    pair = type(message.status[0].values[0])(key="age p50 (ms)", value=age_ms)
    message.status[0].values.append(pair)
    TopicDrawer(scene).draw("/diagnostics", message.__msgtype__, message, START_NS)
    assert ("diagnostics/tips_perception/ms/age_p50" in drawn) is is_shown
    ((page,),) = drawn["diagnostics/tips_perception/numbers"]
    assert (age_ms in page.text.as_arrow_array().to_pylist()[0]) is is_shown
    assert "diagnostics/tips_perception/ms/latency_p50" in drawn


def test_a_recording_of_a_replay_is_laid_out_by_the_time_it_came(tmp_path: Path, make: BagMaker):
    from tips_ros.bags import BagReader, BagWriter
    from tips_ros.view.recorded import draw_bag

    red = np.zeros((*SIZE, 3), np.uint8)
    image = make.image(START_NS, "rgb8", red)
    with BagWriter(tmp_path / "replayed", typestore=make.store) as writer:
        writer.add_topic("/image", image.__msgtype__)
        data = bytes(make.store.serialize_cdr(image, image.__msgtype__))
        writer.write("/image", START_NS + YEARS_NS, data)
    scene = Scene(rr.RecordingStream(APPLICATION))
    with BagReader(tmp_path / "replayed") as reader:
        draw_bag(reader, TopicDrawer(scene))
    assert scene.timeline == RECEIPTS
