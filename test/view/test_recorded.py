# SPDX-License-Identifier: Apache-2.0
"""A bag as a scene: what rerun's own reader finds in the file, entity by entity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rerun", reason="rerun-sdk is not installed: ./run test brings it")

from rerun.chunk import RrdReader

from tips_ros import cli

from .conftest import CLASSES, FRAMES, START_NS

TIMELINE = "ros2_timestamp"


class Content:
    """Batches of a file by entity, without the layout."""

    def __init__(self, path: Path) -> None:
        self.batches: dict[str, list] = {}
        for chunk in RrdReader(path).stream():
            self.batches.setdefault(chunk.entity_path, []).append(chunk.to_record_batch())

    def column(self, entity: str, name: str) -> list:
        """All values of a component, in the order of their stamps."""
        rows = []
        for batch in self.batches[entity]:
            if name in batch.schema.names and TIMELINE in batch.schema.names:
                stamps = batch.column(TIMELINE).cast("int64").to_pylist()
                rows += zip(stamps, batch.column(name).to_pylist(), strict=True)
        return [value for _, value in sorted(rows, key=lambda row: row[0]) if value is not None]

    def stamps(self, entity: str) -> set[int]:
        batches = [b for b in self.batches[entity] if TIMELINE in b.schema.names]
        return {s for b in batches for s in b.column(TIMELINE).cast("int64").to_pylist()}


@pytest.fixture(scope="module")
def content(result_bag: Path, tmp_path_factory: pytest.TempPathFactory) -> Content:
    file = tmp_path_factory.mktemp("rrd") / "result.rrd"
    assert cli.main(["view", str(result_bag), "--save", str(file)]) == 0
    return Content(file)


@pytest.mark.slow
def test_every_topic_that_can_be_shown_is_an_entity_called_as_the_topic(content: Content):
    wanted = {
        *("/camera/image_raw", "/tips/depth/image", "/tips/depth/stddev", "/tips/normals/color"),
        *("/tips/semantic/image", "/tips/points", "/tf_static/camera_optical", "/tf/base_link"),
    }
    assert wanted <= set(content.batches)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("entity", "component"),
    [
        ("/camera/image_raw", "EncodedImage:blob"),
        ("/tips/depth/image", "DepthImage:buffer"),
        ("/tips/semantic/image", "SegmentationImage:buffer"),
        ("/tips/points", "Points3D:positions"),
    ],
)
def test_each_frame_is_there_at_the_stamp_of_its_header(
    content: Content, entity: str, component: str
):
    assert len(content.column(entity, component)) == FRAMES
    assert content.stamps(entity) == {START_NS + n * 10**8 for n in range(FRAMES)}


def test_depth_keeps_its_metres_to_the_millimetre_and_what_is_unknown_is_none(content: Content):
    meter = content.column("/tips/depth/image", "DepthImage:meter")[0][0]
    raw = np.array(content.column("/tips/depth/image", "DepthImage:buffer")[0][0], np.uint8)
    depth_m = raw.view(np.uint16) / meter
    assert depth_m[0] == 0.0
    assert depth_m[1:] == pytest.approx(np.linspace(0.5, 4.0, 24 * 32)[1:], abs=6e-4)


def test_the_mask_has_the_names_of_its_classes(content: Content):
    (row,) = content.column("/tips", "AnnotationContext:context")
    names = {one["class_id"]: one["class_description"]["info"]["label"] for one in row[0]}
    assert {key: names[key] for key in CLASSES} == CLASSES
    assert names[255] == "unlabelled"


def test_points_that_are_nowhere_are_left_out_and_colours_are_those_of_the_cloud(content: Content):
    assert content.column("/tips/points", "Points3D:positions")[0] == [[0, 0, 1], [0.5, 0, 2]]
    assert content.column("/tips/points", "Points3D:colors")[0] == [0xFF8000FF] * 2


def test_things_hang_in_the_frames_of_tf(content: Content):
    assert content.column("/tips/points", "CoordinateFrame:frame")[0] == ["camera_optical"]
    moved = content.column("/tf/base_link", "Transform3D:translation")
    assert [round(row[0][0], 3) for row in moved[-FRAMES:]] == [0.0, 0.1, 0.2, 0.3]
    assert content.column("/tf/base_link", "Transform3D:parent_frame")[0] == ["odom"]
    lens = content.column("/tips/depth/image", "Pinhole:parent_frame")
    assert lens[0] == ["camera_optical"]


def test_the_nodes_numbers_are_plots(content: Content):
    latency = "/diagnostics/tips_perception/ms/latency_p50"
    assert content.column(latency, "Scalars:scalars") == [[80.5]] * FRAMES
    page = content.column("/diagnostics/tips_perception/numbers", "TextDocument:text")[0][0]
    assert "frames dropped | 1" in page


def test_what_we_do_not_draw_comes_by_reruns_own_reader_on_the_same_timeline(content: Content):
    assert START_NS in content.stamps("/thermometer")


def test_of_a_long_bag_every_nth_image_is_shown_and_it_is_said(
    result_bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "few.rrd"
    assert cli.main(["view", str(result_bag), "--save", str(file), "--every", "3"]) == 0
    shown = capsys.readouterr().out
    assert "one of 3 images and clouds is shown" in shown and str(file) in shown
    few = Content(file)
    assert len(few.column("/camera/image_raw", "EncodedImage:blob")) == 2
    assert len(few.column("/diagnostics/tips_perception/rate/output", "Scalars:scalars")) == FRAMES


def test_a_layout_comes_along(result_bag: Path, tmp_path: Path):
    file = tmp_path / "laid_out.rrd"
    cli.main(["view", str(result_bag), "--save", str(file)])
    (laid_out,) = RrdReader(file).blueprints()
    entities = {chunk.entity_path for chunk in RrdReader(file).stream(store=laid_out)}
    assert sum(name.startswith("/view/") for name in entities) > 6
