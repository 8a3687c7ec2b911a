# SPDX-License-Identifier: Apache-2.0
"""Every parameter of the node, declared once: default, unit, range, and when a change applies."""

from __future__ import annotations

from tips_ros.perception.camera.extrinsics import check_triple
from tips_ros.perception.cloud.roi import check_roi
from tips_ros.perception.depth.depth_scale import SCALE_SOURCES
from tips_ros.perception.loading.backends import BACKENDS
from tips_ros.perception.loading.load import DEMO
from tips_ros.perception.loading.precisions import AUTO, PRECISION_NAMES
from tips_ros.perception.temporal.steady_depth import MODES
from tips_ros.ros.parameters.declaration import UNBOUNDED, ParameterSpec
from tips_ros.ros.parameters.ground import GROUND_PARAMETERS
from tips_ros.ros.parameters.objects import MEMORY_PARAMETERS, OBJECT_PARAMETERS

PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec(
        "model",
        DEMO,
        "at configure",
        "",
        f"Model: {DEMO}, the small one that comes along; a released one such as tipsv2-b14 "
        "(`tips_ros download --list`); google/tipsv2-… of the Hub's local cache; or a directory "
        "of model files.",
    ),
    ParameterSpec(
        "device", "auto", "at configure", "", "Device as torch names it: auto, cpu, cuda:0."
    ),
    ParameterSpec(
        "precision",
        AUTO,
        "at configure",
        "",
        "Number format of weights and activations. auto is bf16 where the GPU or CPU has it, fp16 "
        "on a GPU that has only that, and fp32 elsewhere. int8, on a CPU with AVX-512 VNNI, is the "
        "image encoder's linear layers, all else being bf16 where the processor has it.",
        choices=PRECISION_NAMES,
    ),
    ParameterSpec(
        "backend",
        "auto",
        "at configure",
        "",
        "Backend that computes the model: torch, graphs (torch's steps of a whole frame as one "
        "CUDA graph), torch compiled (a CUDA graph for each part, no gain on a CPU), or an engine "
        "that is installed besides. auto is graphs on a GPU, elsewhere torch. An engine or a "
        "precision whose outputs differ from those of torch in fp32 is refused; /diagnostics "
        "gives the reason.",
        choices=BACKENDS,
    ),
    ParameterSpec(
        "input_height",
        0,
        "at configure",
        "px",
        "Height of the network's input, a multiple of 14; 0 is the model's own.",
        low=0,
        high=8400,
    ),
    ParameterSpec(
        "input_width",
        0,
        "at configure",
        "px",
        "Width of the network's input, a multiple of 14; 0 is the model's own.",
        low=0,
        high=8400,
    ),
    ParameterSpec(
        "autostart",
        True,
        "at start",
        "",
        "Configure and activate by itself; false leaves both to a lifecycle manager.",
    ),
    ParameterSpec(
        "cameras",
        [],
        "at start",
        "",
        "Names of several cameras, which share one pass: the topics of `front` are front/image, "
        "front/camera_info, ~/front/depth/image …; parameters of cameras can be given for one "
        "alone, as front.rotation_deg. Empty is one camera without a name.",
        items=str,
    ),
    ParameterSpec(
        "cameras_window_s",
        0.01,
        "at once",
        "s",
        "Longest time that a frame waits for the next frame of another camera, so that both "
        "share a pass.",
        low=0.0,
        high=1.0,
    ),
    ParameterSpec(
        "image_transport",
        "raw",
        "at configure",
        "",
        "Subscribe to sensor_msgs/Image, or to CompressedImage on <image>/compressed or on <image> "
        "itself, whichever is published.",
        choices=("raw", "compressed"),
        per_camera=True,
    ),
    ParameterSpec(
        "rectified",
        False,
        "at once",
        "",
        "The images are rectified: use P of CameraInfo, not K and D.",
        per_camera=True,
    ),
    ParameterSpec(
        "rectify",
        False,
        "at once",
        "",
        "Undistort raw images before the model, so that every output is a pinhole camera's, as "
        "depth_image_proc and others expect of depth with a CameraInfo. Without it, depth of a "
        "distorting lens fits ~/points alone.",
        per_camera=True,
    ),
    ParameterSpec(
        "rotation_deg",
        0,
        "at once",
        "deg",
        "Mounting of the camera: the clockwise rotation that brings its picture upright for the "
        "network. Outputs stay in the camera's own frame.",
        choices=(0, 90, 180, 270),
        per_camera=True,
    ),
    ParameterSpec(
        "max_age_s",
        0.0,
        "at once",
        "s",
        "Frames whose stamp is older than this are dropped; 0 keeps all.",
        low=0.0,
        high=UNBOUNDED,
    ),
    ParameterSpec(
        "output_scale",
        1.0,
        "at once",
        "",
        "Size of the outputs as a fraction of the image's.",
        low=0.01,
        high=1.0,
    ),
    ParameterSpec(
        "depth.scale_source",
        "focal",
        "at once",
        "",
        "Source of the scale that brings predicted depth to metres: `focal`, the focal length in "
        "CameraInfo; `sensor`, depth on sensor/depth, points on sensor/points or a scan on "
        "sensor/scan, and focal until some came; `ground`, the camera's height over the floor, "
        "where it lies level and is seen well, and focal until then; `fixed`, depth.fixed_scale; "
        "`model` leaves depth as predicted. ~/depth/info has the source in use.",
        choices=SCALE_SOURCES,
        per_camera=True,
    ),
    ParameterSpec(
        "depth.fixed_scale",
        1.0,
        "at once",
        "",
        "Factor for predicted depth when depth.scale_source is fixed.",
        low=0.001,
        high=1000.0,
        per_camera=True,
    ),
    ParameterSpec(
        "depth.sensor_offset",
        False,
        "at once",
        "",
        "Fit a shift in metres besides the scale when depth.scale_source is sensor: for a sensor "
        "with a zero error of its own.",
        per_camera=True,
    ),
    ParameterSpec(
        "depth.sensor_max_dt_s",
        0.05,
        "at once",
        "s",
        "Largest difference between the stamps of an image and of the sensor's measurement; 0 "
        "takes equal stamps alone.",
        low=0.0,
        high=10.0,
        per_camera=True,
    ),
    ParameterSpec(
        "temporal.mode",
        "off",
        "at once",
        "",
        "Temporal filter of depth: `scale` keeps the scale of a frame near to that of the one "
        "before, `full` also averages unchanged pixels over time; `off` costs nothing. No frame "
        "waits for another.",
        choices=MODES,
        per_camera=True,
    ),
    ParameterSpec(
        "temporal.labels",
        False,
        "at once",
        "",
        "Temporal filter of class labels: a pixel's class changes once the new one has gathered "
        "more margin. The depth head then runs for masks, too.",
        per_camera=True,
    ),
    ParameterSpec(
        "temporal.frame",
        "odom",
        "at once",
        "",
        "Frame of tf2 in which the camera moves smoothly, for aligning frames. Optical flow is "
        "used where it is empty or tf2 has no transform to the camera.",
        per_camera=True,
    ),
    ParameterSpec(
        "semantic.overlay_alpha",
        0.5,
        "at once",
        "",
        "Weight of the class colours in ~/semantic/color.",
        low=0.0,
        high=1.0,
    ),
    ParameterSpec(
        "prompts",
        [],
        "at once",
        "",
        "Classes in words: `name`, `name: synonym | synonym`, or `@list`, a list of "
        "config/classes/ or a file. Empty is the model's own classes. ~/set_prompts sets this, "
        "prompt_background and prompt_thresholds together.",
        items=str,
    ),
    ParameterSpec(
        "prompt_background",
        [],
        "at once",
        "",
        "Other things in the scene, in words: they win the pixels that match them best, which "
        "stay unlabelled. `@model` is the model's own classes that are not prompted, and the "
        "default of an empty list; `@none` is no background, so that every pixel gets a prompt's "
        "class.",
        items=str,
    ),
    ParameterSpec(
        "prompt_list_folders",
        [],
        "at start",
        "",
        "Folders whose text files may be named as `@/path` by who calls ~/set_prompts or ~/locate, "
        "or sets prompts while the node runs. Empty is none but the lists that come along, and "
        "what prompts and prompt_background name at the start.",
        items=str,
    ),
    ParameterSpec(
        "prompt_thresholds",
        [],
        "at once",
        "",
        "Smallest confidence of a labelled pixel, 0 to 1: none, one for all prompts, or one for "
        "each.",
        items=float,
    ),
    ParameterSpec(
        "prompt_sliding_window",
        False,
        "at once",
        "",
        "Run zero-shot segmentation in sliding windows: finer, and several times slower.",
    ),
    ParameterSpec(
        "points.stride", 1, "at once", "px", "Keep every n-th row and column.", low=1, high=64
    ),
    ParameterSpec(
        "points.min_range_m",
        0.0,
        "at once",
        "m",
        "Points nearer than this along z become NaN.",
        low=0.0,
        high=UNBOUNDED,
    ),
    ParameterSpec(
        "points.max_range_m",
        0.0,
        "at once",
        "m",
        "Points farther than this along z become NaN; 0 is no limit.",
        low=0.0,
        high=UNBOUNDED,
    ),
    ParameterSpec(
        "points.edge_jump",
        0.0,
        "at once",
        "",
        "Points between a nearer and a farther neighbour, both off by more than this part of "
        "their depth, become NaN; 0 is off, 0.05 a good value.",
        low=0.0,
        high=0.99,
    ),
    ParameterSpec(
        "points.max_grazing_deg",
        0.0,
        "at once",
        "deg",
        "Points of surfaces seen at a larger angle than this from their normal become NaN; 0 is "
        "off, 80 a good value.",
        low=0.0,
        high=90.0,
    ),
    ParameterSpec(
        "points.include",
        [],
        "at once",
        "",
        "Keep the points of these classes only, by name; `unlabelled` is a name too. Empty keeps "
        "all.",
        items=str,
    ),
    ParameterSpec(
        "points.exclude",
        [],
        "at once",
        "",
        "Points of these classes, by name, become NaN.",
        items=str,
    ),
    ParameterSpec(
        "points.roi",
        [],
        "at once",
        "",
        "The part of the picture that points are made of: [x, y, width, height] of its upper left "
        "corner and its size, as fractions of the camera's own picture. Points outside become NaN. "
        "Empty is all of it.",
        items=float,
        check=check_roi,
        per_camera=True,
    ),
    ParameterSpec(
        "points.min_height_m",
        -100.0,
        "at once",
        "m",
        "Points of ~/points and ~/points_filtered lower above the floor than this become NaN; "
        "-100 is no limit. Where no floor is seen it is the one that tf or ground.camera_height_m "
        "tells; without any none is left out.",
        low=-100.0,
        high=100.0,
    ),
    ParameterSpec(
        "points.max_height_m",
        100.0,
        "at once",
        "m",
        "Points higher above the floor than this become NaN, so that what a robot passes under "
        "does not mark a costmap; 100 is no limit. Where no floor is seen it is the one that tf or "
        "ground.camera_height_m tells; without any none is left out.",
        low=-100.0,
        high=100.0,
    ),
    *GROUND_PARAMETERS,
    *OBJECT_PARAMETERS,
    *MEMORY_PARAMETERS,
    ParameterSpec(
        "points_filtered.voxel_m",
        0.05,
        "at once",
        "m",
        "Side of the cubes whose points become one in ~/points_filtered; 0 is off.",
        low=0.0,
        high=1000.0,
    ),
    ParameterSpec(
        "points_filtered.outlier_neighbors",
        0,
        "at once",
        "",
        "Number of neighbours whose mean distance decides whether a point of ~/points_filtered "
        "is an outlier and left out, which takes Open3D; 0 is off, 16 a good value.",
        low=0,
        high=1000,
    ),
    ParameterSpec(
        "points_filtered.outlier_std",
        2.0,
        "at once",
        "",
        "Standard deviations above the mean from which on that distance makes a point an outlier.",
        low=0.01,
        high=100.0,
    ),
    ParameterSpec(
        "points_filtered.target_frame",
        "",
        "at once",
        "",
        "Frame that ~/points_filtered is in, such as base_link: through extrinsics.xyz and "
        "extrinsics.rpy, or where they are empty through tf2. Empty is the camera's own.",
        per_camera=True,
    ),
    ParameterSpec(
        "points_filtered.transform_timeout_s",
        1.0,
        "at once",
        "s",
        "Longest delay of ~/points_filtered behind a frame's other outputs while tf2 does not "
        "have the camera's transform yet; 0 is no delay.",
        low=0.0,
        high=30.0,
    ),
    ParameterSpec(
        "extrinsics.xyz",
        [],
        "at once",
        "m",
        "Position of the camera's optical frame in points_filtered.target_frame: x, y, z. Empty "
        "is tf2's.",
        items=float,
        check=check_triple,
        per_camera=True,
    ),
    ParameterSpec(
        "extrinsics.rpy",
        [],
        "at once",
        "rad",
        "Orientation of the camera's optical frame there: roll, pitch and yaw about the fixed "
        "axes x, y and z of the target frame, as in URDF. A camera that looks along x where z is "
        "up has -pi/2, 0, -pi/2. Empty is tf2's.",
        items=float,
        check=check_triple,
        per_camera=True,
    ),
    ParameterSpec(
        "unsubscribe_after_s",
        5.0,
        "at once",
        "s",
        "Seconds without a subscriber of any output after which the node unsubscribes from the "
        "images (at 1080p they cost a quarter of a core); it subscribes again for the next "
        "subscriber. 0 is never.",
        low=0.0,
        high=UNBOUNDED,
    ),
    ParameterSpec(
        "silence_warning_s",
        5.0,
        "at once",
        "s",
        "Seconds without an image after which the node logs a warning; 0 is never.",
        low=0.0,
        high=UNBOUNDED,
    ),
)

_BY_NAME = {declared.name: declared for declared in PARAMETERS}


def entry_of(name: str) -> ParameterSpec | None:
    """The entry of a parameter's own name, or of a camera's, as `front.rotation_deg`."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    entry = _BY_NAME.get(name.partition(".")[2])
    return entry if entry is not None and entry.per_camera else None
