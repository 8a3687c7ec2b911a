# SPDX-License-Identifier: Apache-2.0
"""Starts the node, and where asked for RViz and a bag: `ros2 launch tips_ros tips.launch.py`.

An argument that is not given changes nothing: what params_file says stays in force.
"""

import shlex
from typing import Any, List  # noqa: UP035

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

from tips_ros.ros.startup import arguments
from tips_ros.ros.startup.cameras import camera_remappings, cameras_of, image_topics_of
from tips_ros.ros.startup.node_name import full_name, logger_name
from tips_ros.ros.startup.params_file import read_parameters

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
        description="Topic of the camera's images. With image_transport:=compressed also the topic "
        "without its /compressed.",
    ),
    DeclareLaunchArgument(
        "camera_info",
        default_value="",
        description="Topic of the camera's CameraInfo; of several cameras "
        "'front=/front/info; rear=/rear/info'. Empty: camera_info beside the image topic, or below "
        "it.",
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
        description="Classes in words, with semicolons or commas between: "
        "'door; cup: mug | beaker'. Empty: as params_file says.",
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
        default_value="",
        description="RViz's fixed frame: one that TF ties to the images' frame, such as base_link; "
        "z is up then. Empty: points_filtered.target_frame of params_file, else the frame_id of "
        "the first image, seen from behind the camera.",
    ),
)


def is_true(value: str) -> bool:
    """Whether a switch is on; what else it may be is in its argument's choices."""
    return value in ("true", "True")


def start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Makes the processes; a function because an argument that is not given must leave no trace."""

    def given(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    namespace, level, params_file = given("namespace"), given("log_level"), given("params_file")
    name_in_full = full_name(context.launch_configurations.get("ros_namespace", ""), namespace)
    of_file = read_parameters("params_file", params_file, name_in_full) if params_file else {}
    # Typed: launch would make a number of the text "0".
    parameters: dict[str, Any] = {
        n: ParameterValue(given(n), value_type=str) for n in TEXTS if given(n)
    }
    parameters |= {n: is_true(given(n)) for n in SWITCHES if given(n)}
    for name in filter(given, LISTS):
        numbers = name == "prompt_thresholds"
        listed = (arguments.fractions if numbers else arguments.items)(name, given(name))
        # launch knows the lists of `typing` only.
        kind = List[float] if numbers else List[str]  # noqa: UP006
        parameters[name] = ParameterValue(listed, value_type=kind)
    named = image_topics_of("cameras", given("cameras"))
    cameras = [*named] or cameras_of(of_file)
    if named:
        parameters["cameras"] = ParameterValue(cameras, value_type=List[str])  # noqa: UP006
    remappings = camera_remappings(given("image"), given("camera_info"), named, cameras)
    transport = arguments.profile_environment(
        "transport_profile", given("transport_profile"), context.environment
    )
    tips = Node(
        package="tips_ros",
        executable="tips_node",
        name="tips",
        namespace=namespace,
        # Defaults are not among them: they would win over an outer launch's SetParameter.
        parameters=[*filter(None, [params_file, parameters])],
        remappings=remappings,
        ros_arguments=["--log-level", f"{logger_name(name_in_full)}:={level}"] if level else [],
        output="screen",
        emulate_tty=True,
    )
    processes: list[LaunchDescriptionEntity] = [
        SetEnvironmentVariable(name, value) for name, value in transport.items()
    ]
    use_sim_time = parameters.get("use_sim_time", of_file.get("use_sim_time", False))
    if is_true(given("rviz")):
        one = given("image_transport") or of_file.get("image_transport", "raw")
        transports = [of_file.get(f"{name}.image_transport", one) for name in cameras] or [one]
        frame = given("rviz_frame") or of_file.get("points_filtered.target_frame", "")
        view = Node(
            package="tips_ros",
            executable="tips_view",
            name="tips_rviz",
            namespace=namespace,
            arguments=[
                *(["--frame", frame] if frame else []),
                *(["--cameras", *cameras] if cameras else []),
                *("--transports", *transports),
            ],
            parameters=[{"use_sim_time": True}] if use_sim_time is True else [],
            remappings=remappings,
            output="screen",
        )
        processes.append(view)
    if given("bag"):
        bag = arguments.bag_to_play("bag", given("bag"))
        command = ["ros2", "bag", "play", bag, *shlex.split(given("bag_args"))]
        if use_sim_time is True:
            command.append("--clock")
        processes.append(ExecuteProcess(cmd=command, output="screen"))
    # Last: launch leaves a process running when it fails at a later one, as without `ros2 bag`.
    return [*processes, tips]


def generate_launch_description() -> LaunchDescription:
    """Makes the launch description; `ros2 launch` calls it."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=start)])
