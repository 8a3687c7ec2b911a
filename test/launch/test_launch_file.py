# SPDX-License-Identifier: Apache-2.0
"""launch/tips.launch.py: what can be known of it by reading it, and, with `launch`, by running it.

Without a ROS installation there is no `launch`, so most tests read the file's syntax tree.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tips_ros.ros.live.domain import own_graph_environment
from tips_ros.ros.parameter_table import PARAMETERS
from tips_ros.ros.transport_profile import VARIABLES, profile_variables

SOURCE = Path(__file__).resolve().parents[2]
PROFILE = SOURCE / "config" / "fastdds.xml"
FILE = SOURCE / "launch" / "tips.launch.py"
TREE = ast.parse(FILE.read_text(encoding="utf-8"))
DECLARED = {p.name: p for p in PARAMETERS}
PURE = (
    "beside",
    "cameras_and_remappings",
    "items",
    "node_logger",
)  # functions that need no `launch`
NO_LAUNCH = "needs launch_ros and ros2launch, which a ROS installation brings"


def plain_part() -> dict[str, Any]:
    """The file's names that need no `launch`: its literal constants and its small functions."""
    kept = []
    for node in TREE.body:
        if isinstance(node, ast.Assign):
            try:
                ast.literal_eval(node.value)
            except ValueError:
                continue
            kept.append(node)
        elif isinstance(node, ast.FunctionDef) and node.name in PURE:
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


@pytest.mark.parametrize(
    ("image", "camera_info"),
    [
        ("image", "camera_info"),
        ("/image", "/camera_info"),
        ("front/image_raw", "front/camera_info"),
        ("/camera/color/image_raw", "/camera/color/camera_info"),
    ],
)
def test_the_camera_info_is_looked_for_beside_the_image(image: str, camera_info: str):
    assert PLAIN["beside"](image) == camera_info


def test_each_of_several_cameras_is_remapped_to_its_own_topics():
    given = "front = /front/image_raw; rear; left=cam/image"
    names, remappings = PLAIN["cameras_and_remappings"](given)
    assert names == ["front", "rear", "left"]
    assert remappings == [
        ("front/image", "/front/image_raw"),
        ("front/camera_info", "/front/camera_info"),
        ("left/image", "cam/image"),
        ("left/camera_info", "cam/camera_info"),
    ]
    assert PLAIN["cameras_and_remappings"]("") == ([], [])


@pytest.mark.parametrize(
    ("namespace", "logger"),
    [("", "tips"), ("robot1", "robot1.tips"), ("/fleet/robot1/", "fleet.robot1.tips")],
)
def test_the_log_level_is_for_the_node_alone(namespace: str, logger: str):
    assert PLAIN["node_logger"](namespace) == logger


def test_a_list_is_written_with_semicolons_because_prompts_have_commas_and_colons():
    assert PLAIN["items"]("door; cup: mug | beaker ;") == ["door", "cup: mug | beaker"]


def test_nothing_is_fetched_or_run_while_the_file_is_read():
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
        for node in ast.walk(TREE)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert imported <= {"launch", "launch_ros", "pathlib", "shlex", "tips_ros", "typing"}


def test_the_files_it_names_are_in_the_package():
    named = {n.value for n in ast.walk(TREE) if isinstance(n, ast.Constant)}
    assert {"tips.yaml", "tips.rviz", "tips_node"} <= named
    assert (SOURCE / "config" / "tips.yaml").is_file()
    assert (SOURCE / "config" / "tips.rviz").is_file()
    assert (SOURCE / "scripts" / "tips_node").is_file()


def test_rviz_starts_in_the_frame_that_its_own_file_names():
    view = yaml.safe_load((SOURCE / "config" / "tips.rviz").read_text(encoding="utf-8"))
    frame = view["Visualization Manager"]["Global Options"]["Fixed Frame"]
    assert ARGUMENTS["rviz_frame"]["default_value"] == frame


def started(**given: str) -> list[list[str]]:
    """The command lines of the processes that the launch file starts; they are ended at once."""
    return [command for command, _ in processes(**given)]


def processes(**given: str) -> list[tuple[list[str], dict[str, str]]]:
    """As `started`, with the environment of each process."""
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
        LaunchDescription([RegisterEventHandler(OnProcessStart(on_start=on_start)), include])
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
        assert node.count("--params-file") == 1
        assert "--log-level" not in node
        assert "camera_info:=camera_info" in node

    def test_what_is_given_is_passed_after_the_file(self, tmp_path: Path):
        (node,) = started(image="/a/b", namespace="robot1", model="0", log_level="debug")
        assert node.count("--params-file") == 2
        last = node[len(node) - 1 - node[::-1].index("--params-file") + 1]
        values = yaml.safe_load(Path(last).read_text(encoding="utf-8"))
        assert [*values.values()] == [{"ros__parameters": {"model": "0"}}]
        assert "image:=/a/b" in node
        assert "camera_info:=/a/camera_info" in node
        assert "robot1.tips:=debug" in node

    def test_prompts_are_passed_as_lists_of_texts_and_numbers(self):
        (node,) = started(prompts="door; 3: cup", prompt_thresholds="0.25; 1")
        last = node[len(node) - 1 - node[::-1].index("--params-file") + 1]
        (values,) = yaml.safe_load(Path(last).read_text(encoding="utf-8")).values()
        assert values["ros__parameters"] == {
            "prompts": ["door", "3: cup"],
            "prompt_thresholds": [0.25, 1.0],
        }

    def test_several_cameras_are_named_and_remapped(self):
        (node,) = started(cameras="front=/front/image_raw; rear")
        last = node[len(node) - 1 - node[::-1].index("--params-file") + 1]
        (values,) = yaml.safe_load(Path(last).read_text(encoding="utf-8")).values()
        assert values["ros__parameters"] == {"cameras": ["front", "rear"]}
        assert "front/image:=/front/image_raw" in node
        assert "front/camera_info:=/front/camera_info" in node

    def test_a_bag_gives_the_clock_when_the_node_follows_it(self):
        bag, _ = started(bag="x.mcap", bag_args="--loop --delay 5", use_sim_time="true")
        assert bag == ["ros2", "bag", "play", "x.mcap", "--loop", "--delay", "5", "--clock"]
        bag, _ = started(bag="x.mcap")
        assert bag == ["ros2", "bag", "play", "x.mcap"]

    def test_all_processes_get_the_shared_memory_that_the_package_s_profile_gives(self):
        both = processes(bag="x.mcap")
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

    @pytest.mark.parametrize("argument", ["transport_profile", "params_file"])
    def test_with_a_file_that_is_not_there_nothing_is_started(self, argument: str):
        assert started(**{argument: "no-such-file"}) == []

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
