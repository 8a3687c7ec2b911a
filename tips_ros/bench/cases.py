# SPDX-License-Identifier: Apache-2.0
"""Cases to measure: one combination of model, sizes and precision, or a series that grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal, NamedTuple, get_args

from tips_ros.model.engines import Backend
from tips_ros.model.fast import Heads

Series = Literal["size", "classes", "prompts", "cameras", "subscribers"]
SERIES: tuple[Series, ...] = get_args(Series)

_IMAGES = ((640, 480), (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160))  # 0.3 to 8.3 MP
_CLASSES = (3, 10, 20, 80, 150)
_COUNTS = (1, 2, 4, 8)


@dataclass(frozen=True)
class Case:
    """One combination.

    Attributes:
        model: demo, a name or directory, or `random-b14` and the like.
        image: (width, height) of the camera's pictures.
        input_size: (h, w) that the network sees; None for the model's own.
        precision: fp32, bf16, fp16, int8, or auto.
        heads: `rewritten`, as `tips_ros.model.fast` has them, or `plain`, as they were loaded.
        backend: who computes it.
        cameras: pictures in one pass of the network.
        classes: that the segmentation head is cut or stretched to, or as many prompts; None for
            the head's own.
        prompted: whether words decide the label, instead of the segmentation head.
        subscribers: processes that take every output; 0 publishes nothing.
    """

    model: str = "demo"
    image: tuple[int, int] = (640, 480)
    input_size: tuple[int, int] | None = None
    precision: str = "fp32"
    heads: Heads = "rewritten"
    backend: Backend = "torch"
    cameras: int = 1
    classes: int | None = None
    prompted: bool = False
    subscribers: int = 0

    @property
    def head_outputs(self) -> int | None:
        """Number of classes that the segmentation head is cut or stretched to."""
        return None if self.prompted else self.classes

    @property
    def loaded(self) -> tuple[object, ...]:
        """Equal for cases that one and the same model in memory serves."""
        of_model = self.model, self.precision, self.heads, self.backend
        return *of_model, self.input_size, self.head_outputs

    @property
    def title(self) -> str:
        """In one line."""
        words = [self.model, f"{self.image[0]}x{self.image[1]}"]
        if self.input_size is not None:
            words.append(f"seen at {self.input_size[0]}x{self.input_size[1]}")
        words.append(self.precision)
        if self.heads == "plain":
            words.append("plain heads")
        if self.backend != "torch":
            words.append(self.backend)
        if self.cameras > 1:
            words.append(f"{self.cameras} cameras")
        if self.classes is not None:
            words.append(f"{self.classes} {'prompts' if self.prompted else 'classes'}")
        if self.subscribers > 1:
            words.append(f"{self.subscribers} subscribers")
        return ", ".join(words)


class Point(NamedTuple):
    """A case of a series, and where it stands on the axis."""

    at: float
    case: Case


AXIS: dict[Series, str] = {
    "size": "megapixels of the camera",
    "classes": "classes of the segmentation head",
    "prompts": "prompts",
    "cameras": "cameras",
    "subscribers": "subscribing processes",
}


def combinations(
    models: Sequence[str],
    images: Sequence[tuple[int, int]],
    input_sizes: Sequence[tuple[int, int] | None],
    precisions: Sequence[str],
    heads: Sequence[Heads],
    backends: Sequence[Backend],
    cameras: Sequence[int],
    subscribers: int = 0,
) -> list[Case]:
    """Each with each; the model changes last, because it is loaded anew."""
    return [
        Case(model, image, input_size, precision, kind, backend, count, subscribers=subscribers)
        for model, precision, kind, backend, input_size, image, count in product(
            models, precisions, heads, backends, input_sizes, images, cameras
        )
    ]


def series(kind: Series, case: Case) -> list[Point]:
    """The case with one thing of it growing."""
    if kind == "size":
        return [Point(w * h / 1e6, replace(case, image=(w, h))) for w, h in _IMAGES]
    if kind in ("classes", "prompts"):
        prompted = kind == "prompts"
        return [Point(n, replace(case, classes=n, prompted=prompted)) for n in _CLASSES]
    if kind == "cameras":
        return [Point(n, replace(case, cameras=n)) for n in _COUNTS]
    return [Point(n, replace(case, subscribers=n)) for n in _COUNTS]
