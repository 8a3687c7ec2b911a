# SPDX-License-Identifier: Apache-2.0
"""launch/tips.launch.py, run: what it starts with which arguments, and what it refuses."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tips_ros.replay.domain import own_graph_environment
from tips_ros.ros.transport_profile import VARIABLES, profile_variables

from .launch_file import (
    FILE,
    NO_LAUNCH,
    PROFILE,
    SOURCE,
    parameters_of,
    processes,
    remappings_of,
    started,
)


@pytest.mark.skipif(importlib.util.find_spec("launch_ros") is None, reason=NO_LAUNCH)
class TestWithLaunch:
    @pytest.fixture(autouse=True)
    def logs_go_away(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path))
        for name in VARIABLES:  # that launch will set, in this process, too: undone afterwards
            monkeypatch.setenv(name, "")

    def test_what_is_not_given_is_not_passed_on(self):
        (node,) = started()
        assert "--params-file" not in node
        assert "--log-level" not in node
        assert "camera_info:=camera_info" in node

    def test_what_is_given_is_passed_after_the_file(self, tmp_path: Path):
        file = tmp_path / "my.yaml"
        file.write_text("/**: {ros__parameters: {device: cpu}}")
        (node,) = started(
            image="/a/b", namespace="robot1", model="0", log_level="debug", params_file=str(file)
        )
        assert node.count("--params-file") == 2
        assert node[node.index("--params-file") + 1] == str(file)
        assert parameters_of(node) == {"model": "0"}
        assert remappings_of(node) == ["image:=/a/b", "camera_info:=/a/camera_info"]
        assert "robot1.tips:=debug" in node

    def test_an_including_launch_file_s_parameter_goes_before_the_shipped_defaults(self):
        from launch_ros.actions import SetParameter

        ((node, _),) = processes(SetParameter("points.stride", 2))
        assert node[node.index("-p") + 1].startswith("points.stride:=2")
        assert "--params-file" not in node

    def test_prompts_are_passed_as_lists_of_texts_and_numbers(self):
        (node,) = started(prompts="door; 3: cup", prompt_thresholds="0.25; 1")
        assert parameters_of(node) == {
            "prompts": ["door", "3: cup"],
            "prompt_thresholds": [0.25, 1.0],
        }

    def test_commas_separate_as_semicolons_do(self):
        (node,) = started(prompts="door, cup", prompt_thresholds="0.25, 1")
        assert parameters_of(node)["prompts"] == ["door", "cup"]
        assert parameters_of(node)["prompt_thresholds"] == [0.25, 1.0]

    def test_several_cameras_are_named_and_remapped(self):
        (node,) = started(cameras="front=/front/image_raw; rear")
        assert parameters_of(node) == {"cameras": ["front", "rear"]}
        assert remappings_of(node) == [
            "front/image:=/front/image_raw",
            "front/camera_info:=/front/camera_info",
        ]

    def test_camera_infos_of_several_cameras_are_remapped_also_of_those_in_the_params_file(
        self, tmp_path: Path
    ):
        file = tmp_path / "my.yaml"
        file.write_text("/**: {ros__parameters: {cameras: [front, rear]}}")
        (node,) = started(params_file=str(file), camera_info="front=/f/info; rear=/r/info")
        assert remappings_of(node) == ["front/camera_info:=/f/info", "rear/camera_info:=/r/info"]

    def test_a_bag_gives_the_clock_when_the_node_follows_it(self, tmp_path: Path):
        file = tmp_path / "x.mcap"
        file.touch()
        bag, _ = started(bag=str(file), bag_args="--loop --delay 5", use_sim_time="true")
        assert bag == ["ros2", "bag", "play", str(file), "--loop", "--delay", "5", "--clock"]
        bag, _ = started(bag=str(file))
        assert bag == ["ros2", "bag", "play", str(file)]

    def test_rviz_is_told_the_cameras_their_transports_the_frame_and_the_clock(
        self, tmp_path: Path
    ):
        file = tmp_path / "my.yaml"
        file.write_text(
            "/**: {ros__parameters: {cameras: [front, rear], use_sim_time: true, "
            "rear: {image_transport: compressed}}}"
        )
        given = {"params_file": str(file), "rviz_frame": "base_link", "namespace": "robot1"}
        view, _ = started(rviz="true", **given)
        assert view[0].endswith("tips_view")
        told = view[1 : view.index("--ros-args")]
        assert told == [
            *("--frame", "base_link", "--cameras", "front", "rear"),
            *("--transports", "raw", "compressed"),
        ]
        assert parameters_of(view) == {"use_sim_time": True}
        assert "__ns:=/robot1" in view

    def test_rviz_takes_the_frame_of_the_filtered_cloud_unless_told_another(self, tmp_path: Path):
        file = tmp_path / "my.yaml"
        file.write_text("/**: {ros__parameters: {points_filtered: {target_frame: base_link}}}")
        view, _ = started(rviz="true", params_file=str(file))
        assert view[1:3] == ["--frame", "base_link"]
        view, _ = started(rviz="true", params_file=str(file), rviz_frame="map")
        assert view[1:3] == ["--frame", "map"]

    def test_rviz_of_one_camera_is_told_its_topic_and_nothing_else(self):
        view, node = started(rviz="true", image="/cam/image", image_transport="compressed")
        assert view[1 : view.index("--ros-args")] == ["--transports", "compressed"]
        assert remappings_of(view) == remappings_of(node)

    def test_all_processes_get_the_shared_memory_that_the_package_s_profile_gives(self):
        both = processes(bag=str(SOURCE / "samples" / "drive"))
        assert len(both) == 2
        for _, environment in both:
            files = {environment[name] for name in profile_variables()}
            assert {Path(file).read_bytes() for file in files} == {PROFILE.read_bytes()}

    @pytest.mark.parametrize("name", VARIABLES)
    def test_a_profile_of_the_user_s_stays(self, name: str, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv(name, "/mine.xml")
        ((_, environment),) = processes()
        assert {environment[n] for n in VARIABLES} == {"/mine.xml", ""}
        assert environment[name] == "/mine.xml"

    def test_without_a_profile_nothing_is_set(self):
        ((_, environment),) = processes(transport_profile="")
        assert {environment[name] for name in VARIABLES} == {""}

    @pytest.mark.parametrize(
        "given",
        [
            {"transport_profile": "no-such-file"},
            {"transport_profile": str(FILE)},
            {"params_file": "no-such-file"},
            {"params_file": str(PROFILE)},
            {"prompt_thresholds": "abc"},
            {"prompts": "door, cup; wall"},
            {"cameras": "front=/front image"},
            {"cameras": "front; rear", "camera_info": "/camera_info"},
            {"cameras": "front; rear", "image": "/image_raw"},
            {"bag": "no-such-bag"},
            {"image": "/1st/image"},
            {"camera_info": "a b"},
        ],
        ids=str,
    )
    def test_what_can_not_be_used_is_named_in_one_line_and_nothing_is_started(
        self, given: dict[str, str], caplog: pytest.LogCaptureFixture
    ):
        logger = logging.getLogger("launch")
        logger.addHandler(caplog.handler)
        try:
            assert started(**given) == []
        finally:
            logger.removeHandler(caplog.handler)
        (line,) = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
        argument, value = [*given.items()][-1]
        assert f"{argument}:={value!r}: " in line
        assert "\n" not in line

    @pytest.mark.skipif(shutil.which("ros2") is None, reason="needs the ros2 command")
    def test_ros2_launch_starts_the_node_and_ctrl_c_ends_it(self):
        environment = os.environ | own_graph_environment()
        command = ["ros2", "launch", str(FILE), "namespace:=robot1", "image:=front/image_raw"]
        launch = subprocess.Popen(
            command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        said = ""
        try:
            assert launch.stdout is not None
            for line in launch.stdout:
                said += line
                if "listening to /robot1/front/image_raw" in line:
                    break
        finally:
            launch.send_signal(signal.SIGINT)
            rest, _ = launch.communicate(timeout=60)
        assert "listening to" in said, said + rest
        assert launch.returncode == 0, said + rest
        assert "process has finished cleanly" in rest
        assert "Traceback" not in said + rest
