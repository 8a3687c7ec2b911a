# SPDX-License-Identifier: Apache-2.0
"""A bag with truth is a dataset: what was written about each image is read with that image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tips_ros.bags import BagError, BagWriter
from tips_ros.messages.conversions import image_message
from tips_ros.offline.bag_types import bag_types
from tips_ros.offline.truth.truth_messages import TruthWriter
from tips_ros.perception.classes.class_list import ClassList

CLASSES = ClassList(("wall", "floor", "ball"), (0, 3, 119))
REAL = Path(__file__).parents[4] / "shared" / "data" / "bags" / "redwood_rgbd_aligned_mcap"
SECOND = 10**9


@pytest.mark.parametrize("together", [True, False], ids=["one bag", "two bags"])
def test_each_image_comes_with_its_own_truth(record, opened, truth, together):
    drive, measured = record(together=together)
    with opened(drive, None if together else measured) as dataset:
        samples = list(dataset)
        assert dataset.class_names == {0: "wall", 3: "floor", 119: "ball"}
        assert len(dataset) == len(samples) == dataset.images == 3
    for number, sample in zip((1, 2, 3), samples, strict=True):
        expected = truth(number)
        assert sample.name == f"{number}.000000000"
        np.testing.assert_array_equal(sample.rgb, expected.rgb)
        np.testing.assert_allclose(sample.depth_m, expected.depth_m, atol=1e-6)
        np.testing.assert_allclose(sample.normals, expected.normals, atol=4e-5)
        np.testing.assert_array_equal(sample.labels, expected.labels)
        np.testing.assert_allclose(sample.world_from_camera, expected.world_from_camera)
        assert sample.intrinsics == expected.intrinsics
        assert (sample.sequence, sample.stamp_s) == ("drive", number - 1)


def test_it_can_be_read_twice(record, opened):
    with opened(*record()) as dataset:
        assert [s.name for s in dataset] == [s.name for s in dataset]


def test_only_images_with_truth_of_exactly_their_stamp_count(record, opened):
    with opened(*record(images=(1, 2, 3, 4), truths=(2, 4, 7))) as dataset:
        assert [s.name for s in dataset] == ["2.000000000", "4.000000000"]
        assert (len(dataset), dataset.images) == (2, 4)


def test_truth_that_was_recorded_in_another_order_still_finds_its_image(record, opened, truth):
    with opened(*record(images=(3, 1, 2), truths=(2, 3, 1))) as dataset:
        for number, sample in zip((1, 2, 3), dataset, strict=True):
            np.testing.assert_array_equal(sample.rgb, truth(number).rgb)
            np.testing.assert_array_equal(sample.labels, truth(number).labels)


def test_an_image_may_have_less_truth_than_the_others(tmp_path, camera, opened, truth):
    with BagWriter(tmp_path / "drive") as bag:
        camera(bag, (1, 2))
        writer = TruthWriter(bag, "camera_optical")
        writer.write(1 * SECOND, truth(1)._replace(labels=None))
        writer.write(2 * SECOND, truth(2)._replace(labels=None, normals=None))
    with opened(tmp_path / "drive") as dataset:
        first, second = dataset
    assert first.normals is not None and second.normals is None
    assert first.labels is None and dataset.class_names == {}


def test_raw_images_are_truth_too(tmp_path, camera, opened, truth, header):
    expected = truth(1)
    with BagWriter(tmp_path / "drive") as bag:
        camera(bag, (1,))
        types = bag_types(bag)
        for topic, pixels, encoding in (
            ("/ground_truth/depth/image", expected.depth_m, "32FC1"),
            ("/ground_truth/normals/image", expected.normals, "32FC3"),
        ):
            bag.add_topic(topic, "sensor_msgs/msg/Image")
            message = image_message(types, header(bag, SECOND), pixels, encoding)
            bag.write(topic, SECOND, message)
    with opened(tmp_path / "drive") as dataset:
        (sample,) = dataset
    np.testing.assert_array_equal(sample.depth_m, expected.depth_m)
    np.testing.assert_array_equal(sample.normals, expected.normals)


def test_a_stamp_that_is_a_millisecond_off_says_so(record, opened):
    drive, measured = record(truth_is_late_ns=1_000_000)
    with pytest.raises(BagError, match=r"the nearest is 1\.0 ms away"), opened(drive, measured):
        pass


@pytest.fixture
def unstamped(tmp_path, truth):
    """unstamped(stamp_ns, truths): three images of one stamp; truth received 4 ms after some."""

    def write(stamp_ns=0, truths=(1, 2, 3)):
        with BagWriter(tmp_path / "drive") as bag:
            types = bag_types(bag)
            stamp = types.message("builtin_interfaces/msg/Time")(*divmod(stamp_ns, SECOND))
            header = types.message("std_msgs/msg/Header")(stamp, "camera_optical")
            for topic in ("/camera/image_raw", "/depth"):
                bag.add_topic(topic, "sensor_msgs/msg/Image")
            for number in (1, 2, 3):
                image = image_message(types, header, truth(number).rgb, "rgb8")
                bag.write("/camera/image_raw", number * SECOND, image)
                if number in truths:
                    depth = image_message(types, header, truth(number).depth_m, "32FC1")
                    bag.write("/depth", number * SECOND + 4_000_000, depth)
        return tmp_path / "drive"

    return write


@pytest.mark.parametrize(
    ("stamp_ns", "why"), [(0, "headers have no stamp"), (7 * SECOND, "headers share their stamp")]
)
@pytest.mark.parametrize("truths", [(1, 2, 3), (1, 3), (2,)])
def test_images_that_share_a_stamp_have_the_truth_received_with_them(
    unstamped, opened, truth, caplog, stamp_ns, why, truths
):
    with opened(unstamped(stamp_ns, truths), depth_topic="/depth") as dataset:
        samples = list(dataset)
        assert len(samples) == len(dataset) == len(truths) and dataset.images == 3
    for number, sample in zip(truths, samples, strict=True):
        np.testing.assert_array_equal(sample.rgb, truth(number).rgb)
        np.testing.assert_array_equal(sample.depth_m, truth(number).depth_m)
    assert [sample.stamp_s for sample in samples] == [n - truths[0] for n in truths]
    assert len({sample.name for sample in samples}) == len(truths)
    (line,) = caplog.messages
    assert line.endswith(f"{len(truths)} of 3 images are paired with their truth by when they "
                         f"were received, up to 4.0 ms apart, because {why}")  # fmt: skip


def test_the_camera_info_can_be_named(record, opened, truth):
    drive, measured = record()
    with opened(drive, measured, camera_info_topic="/camera/camera_info") as dataset:
        assert next(iter(dataset)).intrinsics == truth(1).intrinsics
    with (
        pytest.raises(BagError, match="no CameraInfo on /nothing"),
        opened(drive, measured, camera_info_topic="/nothing"),
    ):
        pass


def test_a_bag_without_truth_says_how_to_name_it(tmp_path, camera, opened):
    with BagWriter(tmp_path / "drive") as bag:
        camera(bag, (1,))
    with pytest.raises(BagError, match=r"has no truth .*--truth.*--depth-topic"):  # noqa: SIM117
        with opened(tmp_path / "drive"):
            pass


def test_labels_without_names_are_refused(tmp_path, camera, opened, truth, header):
    with BagWriter(tmp_path / "drive") as bag:
        camera(bag, (1,))
        bag.add_topic("/ground_truth/semantic/image", "sensor_msgs/msg/Image")
        message = image_message(bag_types(bag), header(bag, SECOND), truth(1).labels, "mono8")
        bag.write("/ground_truth/semantic/image", SECOND, message)
    with pytest.raises(BagError, match="/ground_truth/semantic/classes, which names the ids"):  # noqa: SIM117
        with opened(tmp_path / "drive"):
            pass


def test_truth_that_cannot_be_read_is_named(record, opened, tmp_path, camera, header):
    with BagWriter(tmp_path / "broken") as bag:
        camera(bag, (1,))
        kind = "sensor_msgs/msg/CompressedImage"
        bag.add_topic("/ground_truth/depth/image/compressed", kind)
        message = bag.typestore.types[kind](header(bag, SECOND), "png", np.zeros(9, np.uint8))
        bag.write("/ground_truth/depth/image/compressed", SECOND, message)
    with opened(tmp_path / "broken") as dataset:
        with pytest.raises(BagError) as error:
            list(dataset)
        assert "/ground_truth/depth/image/compressed at 1000000000 ns: not a whole picture" in str(
            error.value
        )


@pytest.mark.parametrize(
    ("rows", "columns", "fits"), [(2, 2, True), (1, 2, False)], ids=["half", "squeezed"]
)
def test_truth_of_another_size_must_have_the_proportions_of_its_image(
    tmp_path, camera, opened, truth, rows, columns, fits
):
    full = truth(1)
    maps = (full.depth_m, full.normals, full.labels)
    depth_m, normals, labels = (array[::rows, ::columns] for array in maps)
    with BagWriter(tmp_path / "drive") as bag:
        camera(bag, (1,))
        small = full._replace(depth_m=depth_m, normals=normals, labels=labels)
        TruthWriter(bag, "camera_optical", CLASSES).write(SECOND, small)
    with opened(tmp_path / "drive") as dataset:
        if fits:
            (sample,) = dataset
            assert (sample.rgb.shape[:2], sample.labels.shape) == ((24, 32), (12, 16))
            return
        with pytest.raises(ValueError, match="16x24 but the image is 32x24"):
            list(dataset)


def test_a_calibration_for_another_size_is_left_out_and_told(record, opened, caplog, truth):
    small = truth(1)._replace(rgb=truth(1).rgb[::2, ::2])
    drive, measured = record()
    with opened(drive, measured) as dataset:
        assert dataset._intrinsics(small.rgb) is None
        assert "CameraInfo is for 32x24 images" in caplog.text


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the real bags of ../shared/data")
def test_the_measured_depth_of_a_real_rgbd_camera_is_truth(opened):
    topic = "/camera/aligned_depth_to_color/image_raw"
    with opened(REAL, depth_topic=topic) as dataset:
        samples = list(dataset)
    assert len(samples) == 5 and dataset.image_topic == "/camera/color/image_raw/compressed"
    assert np.nanmedian(samples[0].depth_m) == pytest.approx(1.86, abs=0.1)
    assert samples[0].intrinsics.fx == 525
    assert samples[0].world_from_camera is None
