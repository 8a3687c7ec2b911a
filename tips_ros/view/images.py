# SPDX-License-Identifier: Apache-2.0
"""Image messages → images of rerun: pictures, depth, deviation, normals, labels."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import rerun as rr
from numpy.typing import NDArray

from tips_ros.messages.conversions import stamp_ns
from tips_ros.perception.classes.class_list import UNLABELLED
from tips_ros.perception.images.decoder import ImageDecoder
from tips_ros.perception.images.encodings import decode_depth
from tips_ros.perception.map_pictures import normals_picture
from tips_ros.view.scene import Kind, Pinhole, Scene

_JPEG_QUALITY = 80
_DEPTH_ENCODINGS = ("16UC1", "32FC1", "mono16")
_MOST = 65535
_TENTHS_OF_MM = 10_000.0  # a metre, of deviations
_MASK_OPACITY = 0.6  # paler than its names, which have the classes' colours
_STEP = 4  # pixels: every so many rows and columns are enough to find where a class is
_LEAST_SHARE = 0.01  # of a mask that has a class whose name is shown


def draw_image(scene: Scene, entity: str, message: Any, at_ns: int, decoder: ImageDecoder) -> None:
    """Puts a sensor_msgs/Image or CompressedImage into the scene.

    Args:
        scene: to draw in.
        entity: its name there, which ends as the topic does and tells what the numbers mean.
        message: by rclpy or rosbags.
        at_ns: its stamp.
        decoder: of its topic.

    Raises:
        ValueError: it can't be decoded; says why.
    """
    kind = kind_of_image(entity, getattr(message, "encoding", ""))
    frame_id = message.header.frame_id
    content: Any
    size: tuple[int, int]
    if kind in (Kind.DEPTH, Kind.DEVIATION):
        values = decode_depth(
            *(message.data, message.encoding, message.height, message.width, message.step),
            bool(message.is_bigendian),
        )
        content, size = _metres(values, kind), values.shape  # type: ignore[assignment]
    elif kind is Kind.LABELS:
        size = (message.height, message.width)
        labels = _bytes(message)
        content = rr.SegmentationImage(labels, opacity=_MASK_OPACITY)
    elif kind is Kind.NORMALS and message.encoding == "32FC3":
        size = (message.height, message.width)
        normals = np.frombuffer(message.data, "<f4").reshape(*size, 3)
        content = rr.Image(normals_picture(normals)).compress(_JPEG_QUALITY)
    else:
        picture = decoder.decode(message)
        content, size = rr.Image(picture).compress(_JPEG_QUALITY), picture.shape[:2]
    scene.put_image(entity, kind, at_ns, frame_id, size, content)
    if kind is Kind.LABELS:
        scene.put_on_image(f"{entity}/names", entity, at_ns, frame_id, _names(labels))


def kind_of_image(name: str, encoding: str) -> Kind:
    """Tells by a topic's name and the encoding of its images what their numbers mean."""
    if name.endswith("semantic/image"):
        return Kind.LABELS
    if name.endswith(("normals/color", "normals/image")):
        return Kind.NORMALS
    if encoding in _DEPTH_ENCODINGS:
        return Kind.DEVIATION if name.endswith("depth/stddev") else Kind.DEPTH
    return Kind.PICTURE


def draw_classes(scene: Scene, entity: str, message: Any, at_ns: int) -> None:
    """Puts the names and colours of a tips_ros/ClassMap where the entities of its node hang."""
    classes: list[Any] = [(UNLABELLED, "unlabelled", (0, 0, 0, 0))]
    for class_id, name, color in zip(message.ids, message.names, message.colors, strict=True):
        rgb = tuple(round(255 * channel) for channel in (color.r, color.g, color.b))
        classes.append((int(class_id), name, rgb))
    scene.put(
        entity.removesuffix("/semantic/classes"), Kind.OTHER, at_ns, rr.AnnotationContext(classes)
    )


def note_camera(scene: Scene, message: Any) -> None:
    """Keeps the intrinsics of a sensor_msgs/CameraInfo for the images of its frame."""
    k = tuple(float(value) for value in message.k)
    if k[0] > 0 and k[4] > 0 and message.width and message.height:
        frame = message.header.frame_id
        scene.pinholes.setdefault(frame, Pinhole(k, message.width, message.height))


def stamp_of(message: Any, received_ns: int) -> int:
    """The stamp of a message's header, nanoseconds; when it was received where that tells none."""
    header = getattr(message, "header", None)
    return (0 if header is None else stamp_ns(header)) or received_ns


def _metres(values: NDArray[np.float32], kind: Kind) -> rr.DepthImage:
    """An image of 16-bit numbers, half of the room: millimetres, or tenths of them; 0 is none."""
    meter = _TENTHS_OF_MM if kind is Kind.DEVIATION else 1000.0
    known = np.where(np.isfinite(values), values, 0.0)
    rounded = np.rint(known * meter)
    image = np.where(rounded > _MOST, 0, rounded).astype(np.uint16)
    colours = "Inferno" if kind is Kind.DEVIATION else "Turbo"
    shown = image[image > 0]
    far = float(np.percentile(shown[::16], 98)) if shown.size else 1.0
    return rr.DepthImage(image, meter=meter, colormap=colours, depth_range=[0.0, max(far, 1.0)])


def _names(labels: NDArray[np.uint8]) -> rr.Points2D:
    """A point with its class in the middle of the widest piece of each class that is not small."""
    small = np.ascontiguousarray(labels[::_STEP, ::_STEP])
    places, ids = [], []
    for class_id in np.flatnonzero(np.bincount(small.ravel()) >= _LEAST_SHARE * small.size):
        if class_id == UNLABELLED:
            continue
        # The picture's border counts as the piece's.
        mask = np.pad((small == class_id).astype(np.uint8), 1)
        inside = cv2.distanceTransform(mask, cv2.DIST_L2, 3)[1:-1, 1:-1]
        row, column = np.unravel_index(int(inside.argmax()), small.shape)
        places.append((_STEP * column, _STEP * row))
        ids.append(int(class_id))
    return rr.Points2D(places, class_ids=ids, show_labels=True, radii=rr.Radius.ui_points(4.0))


def _bytes(message: Any) -> NDArray[np.uint8]:
    rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
    return np.ascontiguousarray(rows[:, : message.width])
