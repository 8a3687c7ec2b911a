# SPDX-License-Identifier: Apache-2.0
"""Data that a model can be measured on: a directory in a known layout, or a bag with truth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tips_ros.bags import BagReader
from tips_ros.bags.folder import is_storage
from tips_ros.evaluation.datasets.errors import DatasetError
from tips_ros.evaluation.datasets.layouts import LAYOUTS, detect_layout, open_dataset
from tips_ros.evaluation.sample import Dataset
from tips_ros.offline.truth.bag_truth import BagTruth
from tips_ros.perception.image_request import OUTPUTS, Output

BAG = "bag"
LAYOUT_NAMES = (*LAYOUTS, BAG)


@dataclass(frozen=True)
class BagOptions:
    """Options of reading the truth from a bag; see `BagTruth`."""

    truth: Path | None = None
    image_topic: str | None = None
    camera_info_topic: str | None = None
    depth_topic: str | None = None
    rectified: bool = False


class Data(NamedTuple):
    """An open dataset.

    Attributes:
        dataset: the samples.
        outputs: what their truth can be about.
        about: one line: which layout was found, and how much.
    """

    dataset: Dataset
    outputs: tuple[Output, ...]
    about: str


@contextmanager
def open_data(path: Path, layout: str | None, bag: BagOptions) -> Iterator[Data]:
    """Opens a dataset; bags are closed at the end.

    Args:
        path: a directory, or a bag.
        layout: one of LAYOUT_NAMES; None to see what is there.
        bag: only for bags.

    Raises:
        DatasetError: no such layout, or files are missing.
        BagError: a bag without camera or truth.
    """
    layout = layout or (BAG if is_bag(path) else detect_layout(path))
    if layout != BAG and bag != BagOptions():
        raise DatasetError(
            f"{path} is of layout {layout}: --truth, --image-topic, --camera-info-topic, "
            "--depth-topic and --rectified are for bags"
        )
    with ExitStack() as stack:
        if layout == BAG:
            yield _bag(path, bag, stack)
        else:
            dataset = open_dataset(path, layout)
            about = f"layout {layout} ({LAYOUTS[layout].parts}), {_images(len(dataset))}"
            yield Data(dataset, LAYOUTS[layout].outputs, about)


def is_bag(path: Path) -> bool:
    """Whether the path looks like a ROS 2 bag: a storage file, or a folder with one."""
    if path.is_dir():
        return (path / "metadata.yaml").is_file() or any(
            is_storage(file) for file in path.iterdir()
        )
    return is_storage(path) or path.suffix == ".bag"  # that of ROS 1 is explained by the reader


def _bag(path: Path, options: BagOptions, stack: ExitStack) -> Data:
    images = stack.enter_context(BagReader(path))
    truth = None if options.truth is None else stack.enter_context(BagReader(options.truth))
    dataset = BagTruth(
        images,
        truth,
        image_topic=options.image_topic,
        camera_info_topic=options.camera_info_topic,
        depth_topic=options.depth_topic,
        rectified=options.rectified,
    )
    about = (
        f"layout {BAG}, {len(dataset)} of {_images(dataset.images)} on {dataset.image_topic} "
        f"have truth on {', '.join(dataset.truth_topics)}"
    )
    return Data(dataset, OUTPUTS, about)


def _images(count: int) -> str:
    return f"{count:,} image{'' if count == 1 else 's'}"
