# SPDX-License-Identifier: Apache-2.0
"""The colour camera's topics are found among those of a bag."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tips_ros.bags import BagError, BagReader, BagWriter, CameraTopics, find_camera

REAL_DATA = Path(__file__).parents[2].parent / "shared" / "data"
INFO = "CameraInfo"


def a_bag(path, frames=None, **topics):
    """Write one message to each topic: of an Image's encoding, a CompressedImage's format, INFO.

    All are of the frame `camera`, but for those of which `frames` has another.
    """
    with BagWriter(path) as writer:
        types = writer.typestore.types
        stamp = types["builtin_interfaces/msg/Time"](sec=0, nanosec=0)
        roi = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
        no_bytes = np.zeros(0, np.uint8)
        for name, what in topics.items():
            frame = (frames or {}).get(name, "camera")
            header = types["std_msgs/msg/Header"](stamp=stamp, frame_id=frame)
            if what == INFO:
                zeros = [np.zeros(n) for n in (0, 9, 9, 12)]
                kind = "sensor_msgs/msg/CameraInfo"
                message = types[kind](header, 1, 1, "plumb_bob", *zeros, 0, 0, roi)
            elif what.startswith("file "):
                kind = "sensor_msgs/msg/CompressedImage"
                message = types[kind](header, what.removeprefix("file "), no_bytes)
            else:
                kind = "sensor_msgs/msg/Image"
                message = types[kind](header, 1, 1, what, 0, 1, no_bytes)
            writer.add_topic(name, kind)
            writer.write(name, 1, message)
    return path


def found_in(path, image_topic=None, camera_info_topic=None):
    with BagReader(path) as bag:
        return find_camera(bag, image_topic, camera_info_topic=camera_info_topic)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("topics", "image", "info"),
    [
        ({"/camera/image_raw": "rgb8", "/camera/camera_info": INFO}, "/camera/image_raw",
         "/camera/camera_info"),
        ({"/x/rgb/image_raw/compressed": "file jpeg", "/x/rgb/camera_info": INFO,
          "/x/ir/camera_info": INFO}, "/x/rgb/image_raw/compressed", "/x/rgb/camera_info"),
        ({"/image_raw": "mono8", "/camera_info": INFO}, "/image_raw", "/camera_info"),
        ({"/image_raw": "mono8"}, "/image_raw", None),
        ({"/front/image": "bgr8", "/rear/camera_info": INFO, "/left/camera_info": INFO},
         "/front/image", None),
        ({"/a/front/image": "bgr8", "/a/front_left/camera_info": INFO, "/b/camera_info": INFO},
         "/a/front/image", None),
        ({"/drone/Scene": "bgr8", "/drone/Scene/camera_info": INFO}, "/drone/Scene",
         "/drone/Scene/camera_info"),
        ({"/arm/D405_color": "bgr8", "/arm/D405_color/camera_info": INFO,
          "/arm/camera_info": INFO}, "/arm/D405_color", "/arm/D405_color/camera_info"),
        ({"/arm/D405/compressed": "file jpeg", "/arm/D405/camera_info": INFO,
          "/x/camera_info": INFO}, "/arm/D405/compressed", "/arm/D405/camera_info"),
        ({"/arm/D405/compressed": "file jpeg", "/arm/D405/compressed/camera_info": INFO,
          "/x/camera_info": INFO}, "/arm/D405/compressed", "/arm/D405/compressed/camera_info"),
        ({"/cam/color/image": "bgr8", "/cam/camera_info": INFO, "/lidar/camera_info": INFO},
         "/cam/color/image", "/cam/camera_info"),
    ],
)  # fmt: skip
def test_the_camera_info_is_the_one_below_beside_or_above_the_image(tmp_path, topics, image, info):
    expected = CameraTopics(image, image.endswith("/compressed"), info)
    assert found_in(a_bag(tmp_path / "a", **topics)) == expected


ELSEWHERE = {"/front/image": "bgr8", "/calibration/of_front": INFO}


@pytest.mark.parametrize("frame", ["camera", "/camera", ""])
def test_the_only_camera_info_of_a_bag_is_taken_and_told(tmp_path, caplog, frame):
    bag = a_bag(tmp_path / "a", {"/calibration/of_front": frame}, **ELSEWHERE)
    assert found_in(bag).camera_info == "/calibration/of_front"
    (line,) = caplog.messages
    assert "/calibration/of_front is taken for the CameraInfo of /front/image" in line


def test_the_only_camera_info_is_not_taken_where_it_is_of_another_frame(tmp_path, caplog):
    bag = a_bag(tmp_path / "a", {"/calibration/of_front": "depth_optical"}, **ELSEWHERE)
    assert found_in(bag).camera_info is None
    (line,) = caplog.messages
    assert "--camera-info-topic /calibration/of_front takes it all the same" in line
    named = found_in(bag, camera_info_topic="/calibration/of_front")
    assert named.camera_info == "/calibration/of_front"


@pytest.mark.slow
def test_of_several_camera_infos_elsewhere_the_user_chooses(tmp_path, caplog):
    bag = a_bag(tmp_path / "a", **ELSEWHERE, **{"/calibration/of_rear": INFO})
    assert found_in(bag).camera_info is None
    assert "--camera-info-topic: /calibration/of_front, /calibration/of_rear" in caplog.text
    chosen = found_in(bag, camera_info_topic="/calibration/of_rear")
    assert chosen == CameraTopics("/front/image", False, "/calibration/of_rear")


def test_an_asked_camera_info_wins_over_the_one_beside_the_image(tmp_path):
    topics = {"/front/image": "bgr8", "/front/camera_info": INFO, "/better/camera_info": INFO}
    found = found_in(a_bag(tmp_path / "a", **topics), camera_info_topic="/better/camera_info")
    assert found.camera_info == "/better/camera_info"


@pytest.mark.parametrize("topic", ["/nothing", "/front/image"])
def test_an_asked_camera_info_that_is_none_is_refused_with_those_that_are(tmp_path, topic):
    bag = a_bag(tmp_path / "a", **ELSEWHERE)
    with pytest.raises(BagError, match=f"no CameraInfo on {topic}; .*: /calibration/of_front"):
        found_in(bag, camera_info_topic=topic)


def test_images_that_cannot_be_read_do_not_cost_the_other_cameras(tmp_path):
    with BagWriter(tmp_path / "a") as writer:
        types = writer.typestore.types
        stamp = types["builtin_interfaces/msg/Time"](sec=0, nanosec=0)
        header = types["std_msgs/msg/Header"](stamp=stamp, frame_id="camera")
        for name in ("/depth/image", "/front/image"):
            writer.add_topic(name, "sensor_msgs/msg/Image")
        writer.write("/depth/image", 1, b"\0\1\0\0junk")
        image = types["sensor_msgs/msg/Image"](header, 1, 1, "rgb8", 0, 3, np.zeros(3, np.uint8))
        writer.write("/front/image", 1, image)
    assert found_in(tmp_path / "a").image == "/front/image"


@pytest.mark.parametrize(
    ("topic", "what"),
    [
        ("/camera/aligned/image_raw", "16UC1"),
        ("/camera/aligned/image_raw", "32FC1"),
        ("/camera/depth/image_raw", "mono16"),
        ("/camera/depth/image_raw/compressed", "file 16UC1; png compressed "),
        ("/camera/depth/image_raw/compressed", "file png"),
        ("/camera/aligned/image_raw/compressedDepth", "file 16UC1; compressedDepth png"),
    ],
)
def test_depth_is_not_a_choice(tmp_path, topic, what):
    bag = a_bag(tmp_path / "a", **{topic: what, "/color/image_raw": "rgb8"})
    assert found_in(bag).image == "/color/image_raw"
    with pytest.raises(BagError, match="no colour images"):
        found_in(a_bag(tmp_path / "b", **{topic: what}))


def test_a_depth_camera_may_have_colour_images(tmp_path):
    bag = a_bag(tmp_path / "a", **{"/depth_camera/color/image_raw": "bgr8"})
    assert found_in(bag).image == "/depth_camera/color/image_raw"


def test_raw_images_win_over_the_same_images_compressed(tmp_path):
    bag = a_bag(tmp_path / "a", **{"/a/image/compressed": "file jpeg", "/a/image": "rgb8"})
    assert found_in(bag) == CameraTopics("/a/image", False, None)
    assert found_in(bag, "/a/image/compressed") == CameraTopics("/a/image/compressed", True, None)


def test_several_cameras_are_for_the_user_to_choose_from(tmp_path):
    bag = a_bag(tmp_path / "a", **{"/left/image": "rgb8", "/right/image": "rgb8"})
    with pytest.raises(BagError, match="--image-topic: /left/image, /right/image"):
        found_in(bag)
    assert found_in(bag, "/right/image").image == "/right/image"


def test_an_asked_topic_without_images_is_refused_with_those_that_have(tmp_path):
    bag = a_bag(tmp_path / "a", **{"/left/image": "rgb8", "/left/camera_info": INFO})
    for topic in ("/left/camera_info", "/nothing"):
        with pytest.raises(BagError, match=f"no images on {topic}; .*/left/image"):
            found_in(bag, topic)


@pytest.mark.parametrize(
    ("name", "image", "info"),
    [
        ("bags/soccer_goal_12_normalized_mcap", "/camera/image_raw", None),
        ("bags/raspicam_jpeg_camerainfo_mcap", "/raspicam_node/image/compressed",
         "/raspicam_node/camera_info"),
        ("bags/sevenscenes_rgbd_90f_unregistered_mcap", "/camera/color/image_raw/compressed",
         "/camera/color/camera_info"),
    ],
)  # fmt: skip
def test_the_camera_of_a_real_recording_is_found(name, image, info):
    if not (REAL_DATA / name).exists():
        pytest.skip(f"the real recording {name} is not on this machine")
    assert found_in(REAL_DATA / name) == CameraTopics(image, image.endswith("/compressed"), info)
