# SPDX-License-Identifier: Apache-2.0
"""Starts the node, and where asked for RViz and a bag: `ros2 launch tips_ros tips.launch.py`.

An argument that is not given changes nothing: what params_file says stays in force.
"""

import shlex
from pathlib import Path
from typing import List  # noqa: UP035

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    OpaqueFunction,
    SetEnvironmentVariable,
)
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from tips_ros.ros.transport_profile import transport_environment

SHARE = FindPackageShare("tips_ros")

# Arguments that go to the node as parameters; an empty one is not passed on.
TEXTS = ("model", "device", "image_transport")
SWITCHES = ("autostart", "use_sim_time")
LISTS = ("prompts", "prompt_background", "prompt_thresholds")
TRUE_FALSE = ("true", "false", "True", "False")

ARGUMENTS = (
    DeclareLaunchArgument(
        "params_file",
        default_value="",
        description="YAML file with the node's parameters; start from a copy of config/tips.yaml. "
        "Empty: none, all is at its default or as an outer launch's SetParameter says.",
    ),
    DeclareLaunchArgument(
        "namespace",
        default_value="",
        description="Namespace of the node and its topics: robot1 gives /robot1/tips/points.",
    ),
    DeclareLaunchArgument(
        "image",
        default_value="image",
        description="Topic of the camera's images; with image_transport:=compressed the topic "
        "without its /compressed.",
    ),
    DeclareLaunchArgument(
        "camera_info",
        default_value="",
        description="Topic of the camera's CameraInfo. Empty: camera_info beside the image topic.",
    ),
    DeclareLaunchArgument(
        "cameras",
        default_value="",
        description="Several cameras instead of one, each with its topic of images: "
        "'front=/front/image_raw; rear=/rear/image_raw'; the CameraInfo is beside it. A name alone "
        "listens to front/image. Empty: as params_file says.",
    ),
    DeclareLaunchArgument(
        "image_transport",
        default_value="",
        choices=("", "raw", "compressed"),
        description="How the camera's images come. Empty: as params_file says.",
    ),
    DeclareLaunchArgument(
        "model",
        default_value="",
        description="Name or directory of the model. Empty: as params_file says.",
    ),
    DeclareLaunchArgument(
        "device",
        default_value="",
        description="Device as torch names it: auto, cpu, cuda:0. Empty: as params_file says.",
    ),
    DeclareLaunchArgument(
        "prompts",
        default_value="",
        description="Classes in words, with semicolons between: 'door; cup: mug | beaker'. Empty: "
        "as params_file says.",
    ),
    DeclareLaunchArgument(
        "prompt_background",
        default_value="",
        description="What the scene shows besides and stays unlabelled, in words: 'wall; floor'. "
        "Empty: as params_file says.",
    ),
    DeclareLaunchArgument(
        "prompt_thresholds",
        default_value="",
        description="Least confidence of a labelled pixel, 0 to 1: one for all prompts, or one for "
        "each: '0.2; 0.5'. Empty: as params_file says.",
    ),
    DeclareLaunchArgument(
        "autostart",
        default_value="",
        choices=("", *TRUE_FALSE),
        description="Whether the node configures and activates itself, rather than a lifecycle "
        "manager or `ros2 lifecycle set`. Empty: as params_file says.",
    ),
    DeclareLaunchArgument(
        "use_sim_time",
        default_value="",
        choices=("", *TRUE_FALSE),
        description="Whether time is what a simulator or the bag says on /clock. Empty: as "
        "params_file says, else the system's time.",
    ),
    DeclareLaunchArgument(
        "log_level",
        default_value="",
        choices=("", "debug", "info", "warn", "error", "fatal"),
        description="The least severe messages that the node logs. Empty: info.",
    ),
    DeclareLaunchArgument(
        "transport_profile",
        default_value=PathJoinSubstitution([SHARE, "config", "fastdds.xml"]),
        description="Profile of Fast DDS for what is started from here on, with room for images in "
        "shared memory; one that the environment names stays in force. Empty: none.",
    ),
    DeclareLaunchArgument(
        "bag",
        default_value="",
        description="Bag to replay with `ros2 bag play`; with use_sim_time:=true it gives /clock "
        "too. Empty: none.",
    ),
    DeclareLaunchArgument(
        "bag_args",
        default_value="",
        description="More arguments of `ros2 bag play`, such as '--loop --delay 5': what is "
        "played while the model loads is not seen.",
    ),
    DeclareLaunchArgument(
        "rviz",
        default_value="false",
        choices=TRUE_FALSE,
        description="Whether to open RViz on the camera's image and the outputs.",
    ),
    DeclareLaunchArgument(
        "rviz_frame",
        default_value="camera_color_optical_frame",
        description="RViz's fixed frame: the frame_id of the images, or a frame that TF ties to "
        "it.",
    ),
)


def beside(image: str) -> str:
    """The topic of an image topic's CameraInfo by ROS's convention: its sibling camera_info."""
    namespace, slash, _ = image.rpartition("/")
    return f"{namespace}{slash}camera_info"


def cameras_and_remappings(value: str) -> tuple:
    """'front=/a/image_raw; rear' → (['front', 'rear'], what front's topics are remapped to)."""
    names, remappings = [], []
    for item in items(value):
        name, _, image = (part.strip() for part in item.partition("="))
        names.append(name)
        if image:
            remappings.append((f"{name}/image", image))
            remappings.append((f"{name}/camera_info", beside(image)))
    return names, remappings


def node_logger(namespace: str) -> str:
    """The name of the node's logger, which alone log_level is for: ROS's own stay quiet."""
    return ".".join([*filter(None, namespace.split("/")), "tips"])


def items(value: str) -> list:
    """The items of a list: 'door; cup' → ['door', 'cup']."""
    return [item.strip() for item in value.split(";") if item.strip()]


def numbers(name: str, value: str) -> list:
    """The numbers of a list: '0.2; 0.5' or '0.2, 0.5' → [0.2, 0.5]."""
    try:
        return [float(item) for item in items(value.replace(",", ";"))]
    except ValueError:
        raise ValueError(f"{name}: numbers like '0.2; 0.5', not {value!r}") from None


def is_true(value: str) -> bool:
    """Whether a switch is on; what else it may be is in its argument's choices."""
    return value in ("true", "True")


def start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Makes the processes; a function because an argument that is not given must leave no trace."""

    def given(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    if given("params_file") and not Path(given("params_file")).is_file():
        # launch itself would only warn and go on with the defaults.
        raise FileNotFoundError(f"params_file: no file {given('params_file')}")
    profile = given("transport_profile")
    transport = (
        transport_environment(Path(profile), environment=context.environment) if profile else {}
    )
    # Typed: launch would make a number of the text "0".
    parameters = {n: ParameterValue(given(n), value_type=str) for n in TEXTS if given(n)}
    parameters |= {n: is_true(given(n)) for n in SWITCHES if given(n)}
    for name in filter(given, LISTS):
        of_numbers = name == "prompt_thresholds"
        listed = numbers(name, given(name)) if of_numbers else items(given(name))
        # launch knows the lists of `typing` only.
        kind = List[float] if of_numbers else List[str]  # noqa: UP006
        parameters[name] = ParameterValue(listed, value_type=kind)
    clock = {n: parameters[n] for n in ("use_sim_time",) if n in parameters}
    image, namespace, level = given("image"), given("namespace"), given("log_level")
    remappings = [("image", image), ("camera_info", given("camera_info") or beside(image))]
    cameras, remapped = cameras_and_remappings(given("cameras"))
    if cameras:
        parameters["cameras"] = ParameterValue(cameras, value_type=List[str])  # noqa: UP006
        remappings += remapped
    tips = Node(
        package="tips_ros",
        executable="tips_node",
        name="tips",
        namespace=namespace,
        # Defaults are not among them: they would win over an outer launch's SetParameter.
        parameters=[*filter(None, [given("params_file"), parameters])],
        remappings=remappings,
        ros_arguments=["--log-level", f"{node_logger(namespace)}:={level}"] if level else [],
        output="screen",
        emulate_tty=True,
    )
    processes: list[LaunchDescriptionEntity] = [
        SetEnvironmentVariable(name, value) for name, value in transport.items()
    ]
    if is_true(given("rviz")):
        # The topics in tips.rviz are relative: RViz finds them in the node's namespace.
        rviz = Node(
            package="rviz2",
            executable="rviz2",
            name="tips_rviz",
            namespace=namespace,
            arguments=[
                *("-d", PathJoinSubstitution([SHARE, "config", "tips.rviz"])),
                *("-f", given("rviz_frame")),
            ],
            parameters=[clock] if clock else [],
            remappings=remappings,
            output="screen",
        )
        processes.append(rviz)
    if given("bag"):
        command = ["ros2", "bag", "play", given("bag"), *shlex.split(given("bag_args"))]
        if parameters.get("use_sim_time"):
            command.append("--clock")
        processes.append(ExecuteProcess(cmd=command, output="screen"))
    # Last: launch leaves a process running when it fails at a later one, as without RViz.
    return [*processes, tips]


def generate_launch_description() -> LaunchDescription:
    """What `ros2 launch` calls."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=start)])
