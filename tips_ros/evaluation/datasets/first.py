# SPDX-License-Identifier: Apache-2.0
"""The beginning of a dataset, for a quick look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from tips_ros.evaluation.depth_protocol import DepthProtocol
from tips_ros.evaluation.sample import Dataset, Sample


class First:
    """The first `count` samples of a dataset; its name says so where there are more."""

    def __init__(self, dataset: Dataset, count: int) -> None:
        self._dataset = dataset
        self._count = min(count, len(dataset))

    @property
    def name(self) -> str:
        """The dataset's own, with the part of it that this is."""
        if self._count == len(self._dataset):
            return self._dataset.name
        return f"{self._dataset.name}, the first {self._count} of {len(self._dataset)}"

    @property
    def class_names(self) -> Mapping[int, str]:
        """The dataset's."""
        return self._dataset.class_names

    @property
    def depth_protocol(self) -> DepthProtocol:
        """The dataset's."""
        return self._dataset.depth_protocol

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Sample]:
        return islice(self._dataset, self._count)
