# SPDX-License-Identifier: Apache-2.0
"""Topics and message types of the truth about a bag's images.

    /ground_truth/depth/image       Image 32FC1 (m) or 16UC1 (mm)
    /ground_truth/normals/image     Image 32FC3, unit vectors in the optical frame
    /ground_truth/semantic/image    Image mono8, ids; 255 = nobody's
    /ground_truth/semantic/classes  tips_ros/ClassMap: names of the ids; or as
    /ground_truth/semantic/label_info  vision_msgs/LabelInfo

The images may be CompressedImage on `…/image/compressed` too: PNG files as of
`tips_ros.evaluation.datasets.truth_png`, depth in millimetres. A truth belongs to the image with
exactly its stamp. It has its size, or else its proportions: then it is compared at the truth's
size. The names are those of the node's outputs, so that another model's answers, recorded below
`/ground_truth`, can be compared with as well.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from tips_ros.bags import BagError, BagReader

Kind = Literal["depth", "normals", "labels"]

NAMESPACE = "/ground_truth"
TOPIC_OF: dict[Kind, str] = {
    "depth": f"{NAMESPACE}/depth/image",
    "normals": f"{NAMESPACE}/normals/image",
    "labels": f"{NAMESPACE}/semantic/image",
}
CLASSES = f"{NAMESPACE}/semantic/classes"
LABEL_INFO = f"{NAMESPACE}/semantic/label_info"
COMPRESSED = "/compressed"


class TruthTopics(NamedTuple):
    """The truth that one bag has; where it has raw and compressed images, the raw ones."""

    topic_of: dict[Kind, str]
    class_names: dict[int, str]  # id in the labels → name; empty without labels


def find_truth(reader: BagReader, depth_topic: str | None = None) -> TruthTopics:
    """The topics of an open bag that hold truth.

    Args:
        reader: an open bag.
        depth_topic: measured depth, registered to the images, instead of TOPIC_OF["depth"].

    Raises:
        BagError: no truth, no such topic, or labels without names.
    """
    if depth_topic is not None and depth_topic not in reader.topics:
        raise BagError(
            f"{reader.path} has no topic {depth_topic}; it has {', '.join(reader.topics)}"
        )
    topic_of: dict[Kind, str] = {}
    for kind, name in TOPIC_OF.items():
        if kind == "depth" and depth_topic is not None:
            name = depth_topic
        for candidate in (name, name + COMPRESSED):
            if _has(reader, candidate):
                topic_of.setdefault(kind, candidate)
    if not topic_of:
        raise BagError(
            f"{reader.path} has no truth ({', '.join(TOPIC_OF.values())}); name the bag that has "
            "it with --truth, or measured depth with --depth-topic"
        )
    return TruthTopics(topic_of, _class_names(reader) if "labels" in topic_of else {})


def _class_names(reader: BagReader) -> dict[int, str]:
    for topic in (CLASSES, LABEL_INFO):
        if not _has(reader, topic):
            continue
        tables = [_names_by_id(reader.deserialize(m)) for m in reader.messages([topic])]
        if any(table != tables[0] for table in tables):
            raise BagError(
                f"{reader.path}: the classes on {topic} change on the way; use a bag per class list"
            )
        return tables[0]
    raise BagError(
        f"{reader.path} has {TOPIC_OF['labels']} but not {CLASSES}, which names the ids; "
        "record that topic too"
    )


def _names_by_id(message: Any) -> dict[int, str]:
    """Class names by id of a ClassMap or a LabelInfo."""
    if hasattr(message, "class_map"):
        return {int(entry.class_id): entry.class_name for entry in message.class_map}
    return dict(zip(map(int, message.ids), message.names, strict=True))


def _has(reader: BagReader, topic: str) -> bool:
    return topic in reader.topics and reader.topics[topic].count > 0
