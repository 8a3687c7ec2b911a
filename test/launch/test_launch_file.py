# SPDX-License-Identifier: Apache-2.0
"""launch/tips.launch.py: what can be known of it by reading it, and, with `launch`, by running it.

Without a ROS installation there is no `launch`, so most tests read the file's syntax tree.
"""

from __future__ import annotations

import ast
import importlib.util
import logging
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tips_ros.replay.domain import own_graph_environment
from tips_ros.ros.parameters.table import PARAMETERS
from tips_ros.ros.transport_profile import VARIABLES, profile_variables

SOURCE = Path(__file__).resolve().parents[2]
PROFILE = SOURCE / "config" / "fastdds.xml"
FILE = SOURCE / "launch" / "tips.launch.py"
TREE = ast.parse(FILE.read_text(encoding="utf-8"))
DECLARED = {p.name: p for p in PARAMETERS}
NO_LAUNCH = "needs launch_ros and ros2launch, which a ROS installation brings"


def plain_part() -> dict[str, Any]:
    """The file's names that need no `launch`: its literal constants."""
    kept = []
    for node in TREE.body:
        if isinstance(node, ast.Assign):
            try:
                ast.literal_eval(node.value)
            except ValueError:
                continue
            kept.append(node)
    names: dict[str, Any] = {}
    exec(compile(ast.Module(kept, type_ignores=[]), str(FILE), "exec"), names)
    return names


PLAIN = plain_part()


def arguments() -> dict[str, dict[str, Any]]:
    """The keywords of each DeclareLaunchArgument by its name; None for what is no constant."""
    found = {}
    for node in ast.walk(TREE):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "DeclareLaunchArgument":
            keywords = {}
            for keyword in node.keywords:
                try:
                    keywords[keyword.arg] = eval(ast.unparse(keyword.value), dict(PLAIN))
                except NameError:
                    keywords[keyword.arg] = None
            found[ast.literal_eval(node.args[0])] = keywords
    return found


ARGUMENTS = arguments()
AS_PARAMETERS = (*PLAIN["TEXTS"], *PLAIN["SWITCHES"], *PLAIN["LISTS"])


@pytest.mark.parametrize("name", ARGUMENTS)
def test_each_argument_is_described_in_sentences(name: str):
    description = ARGUMENTS[name]["description"]
    assert description.endswith(".")
    assert description[0].isupper()


def test_each_argument_is_used_and_each_one_used_is_declared():
    calls = [n for n in ast.walk(TREE) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    read = {
        argument.value
        for call in calls
        if call.func.id == "given"
        for argument in call.args
        if isinstance(argument, ast.Constant)
    }
    assert read | set(AS_PARAMETERS) == set(ARGUMENTS)


@pytest.mark.parametrize("name", AS_PARAMETERS)
class TestEachArgumentThatIsAParameter:
    def test_is_one_of_the_node_and_of_that_type(self, name: str):
        # Every ROS node has use_sim_time.
        default = False if name == "use_sim_time" else DECLARED[name].default
        kinds = {"TEXTS": str, "SWITCHES": bool, "LISTS": list}
        (kind,) = (kind for group, kind in kinds.items() if name in PLAIN[group])
        assert isinstance(default, kind)

    def test_overrides_nothing_unless_it_is_given(self, name: str):
        assert ARGUMENTS[name]["default_value"] == ""

    def test_offers_the_choices_of_the_node(self, name: str):
        choices = DECLARED[name].choices if name in DECLARED else ()
        if name in PLAIN["SWITCHES"]:
            choices = PLAIN["TRUE_FALSE"]
        assert ARGUMENTS[name].get("choices", ("",)) == ("", *choices)


def test_nothing_is_fetched_or_run_while_the_file_is_read():
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
        for node in ast.walk(TREE)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert imported <= {"launch", "launch_ros", "pathlib", "shlex", "tips_ros", "typing"}


def test_the_files_it_names_are_in_the_package():
    named = {n.value for n in ast.walk(TREE) if isinstance(n, ast.Constant)}
    assert {"fastdds.xml", "tips_node", "tips_view"} <= named
    assert (SOURCE / "config" / "fastdds.xml").is_file()
    assert (SOURCE / "scripts" / "tips_node").is_file()
    assert (SOURCE / "scripts" / "tips_view").is_file()


def started(**given: str) -> list[list[str]]:
    """The command lines of the processes that the launch file starts; they are ended at once."""
    return [command for command, _ in processes(**given)]


def parameters_of(node: list[str]) -> dict[str, Any]:
    """What the last parameter file on a node's command line says."""
    last = node[len(node) - 1 - node[::-1].index("--params-file") + 1]
    (values,) = yaml.safe_load(Path(last).read_text(encoding="utf-8")).values()
    parameters: dict[str, Any] = values["ros__parameters"]
    return parameters


def remappings_of(node: list[str]) -> list[str]:
    """What a command line remaps besides the node's own name."""
    return [to for r, to in zip(node, node[1:], strict=False) if r == "-r" and to[:2] != "__"]


def processes(*before: Any, **given: str) -> list[tuple[list[str], dict[str, str]]]:
    """As `started`, with the environment of each process.

    Args:
        before: what an including launch file does before.
        given: the arguments.
    """
    from launch import LaunchDescription, LaunchService
    from launch.actions import EmitEvent, IncludeLaunchDescription, RegisterEventHandler
    from launch.event_handlers import OnProcessStart
    from launch.events import Shutdown
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    found: list[tuple[list[str], dict[str, str]]] = []

    def on_start(event: Any, context: Any) -> Any:
        variables = Path(f"/proc/{event.pid}/environ").read_bytes().decode().split("\0")
        found.append((event.cmd, dict(v.split("=", 1) for v in variables if "=" in v)))
        # The node comes last.
        return EmitEvent(event=Shutdown()) if "tips_node" in event.cmd[0] else None

    include = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(FILE)), launch_arguments=given.items()
    )
    service = LaunchService(noninteractive=True)
    service.include_launch_description(
        LaunchDescription(
            [RegisterEventHandler(OnProcessStart(on_start=on_start)), *before, include]
        )
    )
    service.run()
    return found


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
