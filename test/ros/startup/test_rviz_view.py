# SPDX-License-Identifier: Apache-2.0
"""RViz's view as it is written for one camera, several, compressed ones and robots' frames."""

import math

import pytest
import yaml

from tips_ros.ros.startup.rviz_view import ViewedCamera, pattern, view_of, write_view

from .test_window_state import read

ONE = [ViewedCamera("", "/cam/image_raw")]
TWO = [ViewedCamera("front", "/f/image_raw"), ViewedCamera("rear", "/r/image/compressed", True)]


def displays(view, enabled: bool | None = None):
    found = view["Visualization Manager"]["Displays"]
    return {d["Name"]: d for d in found if enabled is None or d["Enabled"] == enabled}


def shown_topics(view):
    return {d["Topic"]["Value"] for d in displays(view, True).values() if "Topic" in d}


def eye(view):
    """The place of the view's eye from its focal point, and the direction of the picture's up."""
    current = view["Visualization Manager"]["Views"]["Current"]
    pitch, yaw = current["Pitch"], current["Yaw"]
    towards = [
        math.cos(yaw) * math.cos(pitch),
        math.sin(yaw) * math.cos(pitch),
        math.sin(pitch),
    ]
    up = [-towards[0] * towards[2], -towards[1] * towards[2], 1.0 - towards[2] ** 2]
    return towards, up


class TestOneCamera:
    def test_is_shown_as_the_pattern_has_it_with_all_names_in_full(self):
        view = view_of(ONE, "/robot1/tips", "cam", z_up=False)
        assert [*displays(view)] == [*displays(pattern())]
        assert shown_topics(view) == {
            "/cam/image_raw",
            "/robot1/tips/points_filtered",
            "/robot1/tips/depth/image",
            "/robot1/tips/normals/color",
            "/robot1/tips/semantic/color",
        }

    def test_has_floor_obstacles_and_scan_in_the_list_to_be_ticked(self):
        found = displays(view_of(ONE, "/robot1/tips", "cam", z_up=False), False)
        assert {name: found[name]["Topic"]["Value"] for name in ("Obstacles", "Floor", "Scan")} == {
            "Obstacles": "/robot1/tips/points_obstacles",
            "Floor": "/robot1/tips/points_ground",
            "Scan": "/robot1/tips/scan",
        }
        assert found["Scan"]["Class"] == "rviz_default_plugins/LaserScan"

    def test_has_the_frame_as_fixed_frame(self):
        view = view_of(ONE, "/tips", "usb_cam", z_up=False)
        assert view["Visualization Manager"]["Global Options"]["Fixed Frame"] == "usb_cam"

    def test_of_another_name_for_compressed_images_goes_without_the_picture_rviz_can_not_read(self):
        view = view_of([ViewedCamera("", "/cam/jpeg", True)], "/tips", "cam", z_up=False)
        assert "Camera image" not in displays(view)
        assert "/tips/semantic/color" in shown_topics(view)

    def test_with_a_compressed_topic_is_shown_by_that_topic(self):
        cameras = [ViewedCamera("", "/cam/image/compressed", True)]
        assert "/cam/image/compressed" in shown_topics(view_of(cameras, "/tips", "cam", z_up=False))


class TestSeveralCameras:
    def test_each_has_its_displays_on_its_own_topics(self):
        view = view_of(TWO, "/tips", "cam", z_up=False)
        for camera in ("front", "rear"):
            of_camera = {n: d for n, d in displays(view).items() if n.endswith(f" {camera}")}
            outputs = [d["Topic"]["Value"] for d in of_camera.values()]
            assert f"/tips/{camera}/points_filtered" in outputs
            assert f"/tips/{camera}/semantic/color" in outputs
        assert shown_topics(view) == {
            f"/tips/{camera}/{output}"
            for camera in ("front", "rear")
            for output in ("points_filtered", "semantic/color", "depth/image")
        }
        assert displays(view)["Camera image rear"]["Topic"]["Value"] == "/r/image/compressed"

    def test_no_two_displays_have_one_name(self):
        view = view_of(TWO, "/tips", "cam", z_up=False)
        names = [d["Name"] for d in view["Visualization Manager"]["Displays"]]
        assert len(names) == len(set(names))

    @pytest.mark.parametrize("cameras", [ONE, TWO], ids=["one", "two"])
    def test_each_picture_has_its_place_in_the_window(self, cameras):
        view = view_of(cameras, "/tips", "cam", z_up=False)
        state = read(view["Window Geometry"]["QMainWindow State"])[1]
        columns = state[1] if state[0] == 1 else [state]
        placed = {title: bool(flags) for _, docks in columns for title, flags, _ in docks}
        pictures = {n: d["Enabled"] for n, d in displays(view).items() if "Image" in d["Class"]}
        assert placed == pictures
        assert pictures.keys() <= view["Window Geometry"].keys()


class TestFrames:
    def test_an_optical_one_is_seen_from_behind_with_the_image_upright(self):
        view = view_of(ONE, "/tips", "cam_optical", z_up=False)
        towards, up = eye(view)
        assert towards[2] < 0.0 and up[1] < 0.0
        assert displays(view)["Grid 1 m below the camera"]["Enabled"]
        assert not displays(view)["Ground"]["Enabled"]

    def test_a_robot_s_is_seen_from_behind_and_above_with_z_up_on_its_ground(self):
        view = view_of(ONE, "/tips", "base_link", z_up=True)
        towards, up = eye(view)
        assert towards[0] < 0.0 < towards[2] and up[2] > 0.0
        ground = displays(view)["Ground"]
        assert ground["Enabled"] and ground["Plane"] == "XY"
        assert not displays(view)["Grid 1 m below the camera"]["Enabled"]

    @pytest.mark.parametrize("z_up", [True, False])
    def test_the_other_view_is_among_the_saved_ones(self, z_up):
        views = view_of(ONE, "/tips", "x", z_up)["Visualization Manager"]["Views"]
        assert views["Current"]["Name"] == "Current View"
        (other,) = views["Saved"]
        assert other["Name"] == ("Behind the camera" if z_up else "z up")
        assert other["Pitch"] != views["Current"]["Pitch"]


def test_the_written_file_reads_back_as_it_was_made(tmp_path):
    view = view_of(TWO, "/tips", "123", z_up=True)
    write_view(view, tmp_path / "x.rviz")
    assert yaml.safe_load((tmp_path / "x.rviz").read_text(encoding="utf-8")) == view
