# SPDX-License-Identifier: Apache-2.0
"""Arguments of the subcommands that read images with measured depth, normals or classes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tips_ros.commands.options.common import add_camera_topics, count
from tips_ros.evaluation.datasets.first import First
from tips_ros.offline.evaluation_data import LAYOUT_NAMES, BagOptions, Data, open_data


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """DATA, --layout and --limit."""
    add = parser.add_argument
    add("data", metavar="DATA", type=Path, help="directory of a dataset, or a bag")
    add(
        "--layout",
        default="auto",
        choices=("auto", *LAYOUT_NAMES),
        help="how DATA is laid out (default: %(default)s, by what is in it)",
    )
    add("--limit", metavar="N", type=count, help="only the first N images (default: all)")


def add_bag_truth(parser: argparse.ArgumentParser) -> None:
    """The group of arguments for DATA that is a bag: where its truth is, and its topics."""
    add = parser.add_argument_group("bags").add_argument
    add(
        "--truth",
        metavar="BAG",
        type=Path,
        help="bag with the truth, where DATA has none (default: DATA)",
    )
    add_camera_topics(add)
    add(
        "--depth-topic",
        metavar="TOPIC",
        help="measured depth, registered to the images, to compare with (default: the truth's)",
    )
    add(
        "--rectified",
        action="store_true",
        help="images are rectified: use P of CameraInfo (default: K and the distortion)",
    )


@contextmanager
def open_measured(args: argparse.Namespace) -> Iterator[Data]:
    """Opens DATA as the arguments say, --limit included; errors see `open_data`."""
    bag = BagOptions(
        args.truth, args.image_topic, args.camera_info_topic, args.depth_topic, args.rectified
    )
    with open_data(args.data, None if args.layout == "auto" else args.layout, bag) as data:
        if args.limit is not None:
            data = data._replace(dataset=First(data.dataset, args.limit))
        yield data
