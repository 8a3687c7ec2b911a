# SPDX-License-Identifier: Apache-2.0
"""The way of a frame as a GPU has it, on torch's `meta` device: shapes and devices, no numbers.

Whatever would make the host wait for a GPU raises here, because there is nothing to wait for; so
would an operation on tensors of two devices. What a GPU computes is not shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tips_ros.model.fast import rewrite_for
from tips_ros.model.tips import Tips
from tips_ros.perception.encoded_image import EncodedImage
from tips_ros.perception.host_transfer import HostTransfer
from tips_ros.perception.image_request import ImageRequest
from tips_ros.perception.language.prompts import parse_prompts
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import LabelSpace, zero_shot_label_space

from .conftest import DESCRIPTION

WIDTH = 64
ELSEWHERE = torch.device("meta")
COPIES = (torch.ops.aten._to_copy, torch.ops.aten.to)  # the second in inference mode


class Watch(TorchDispatchMode):
    """Notes what is copied to the device, and refuses operations on tensors of two."""

    def __init__(self) -> None:
        super().__init__()
        self.uploads: list[tuple[int, ...]] = []
        self.dtypes: list[torch.dtype] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        here = [tensor for tensor in given if tensor.device != ELSEWHERE and tensor.ndim]
        if here and func.overloadpacket in COPIES:
            if result.device == ELSEWHERE:
                self.uploads.append(tuple(here[0].shape))
                self.dtypes.append(here[0].dtype)
        elif here and len(here) < len(given):
            raise AssertionError(f"{func} on tensors of two devices")
        return result


def to_host(
    _: HostTransfer, seen: EncodedImage, make: Callable[[], Sequence[Tensor | None]]
) -> list[NDArray[Any] | None]:
    """Results of the right shape and dtype, with nothing in them."""
    made = make()
    assert all(one.device == ELSEWHERE for one in (*made, *seen.tensors) if one is not None)
    empty = [None if one is None else torch.empty(one.shape[1:], dtype=one.dtype) for one in made]
    return [None if one is None else one.numpy() for one in empty]


@pytest.fixture(params=[torch.float32, torch.bfloat16, torch.float16], ids=str)
def predictor(
    tiny_tips: Tips, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Predictor:
    monkeypatch.setattr(HostTransfer, "to_host", to_host)
    fast = rewrite_for(tiny_tips, ELSEWHERE, request.param)
    return Predictor(fast, DESCRIPTION, device="meta", dtype=request.param)


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.RandomState(3).randint(0, 256, (height, width, 3)).astype(np.uint8)


def words(sliding_window: bool = False) -> LabelSpace:
    prompts = parse_prompts(["door: door | gate", "floor", "wall: stone wall | brick wall"])
    embeddings = torch.eye(len(prompts.all_words), WIDTH)
    return zero_shot_label_space(prompts, embeddings, 0.01, sliding_window=sliding_window)


@pytest.mark.slow
@pytest.mark.parametrize("turn", [0, 90])
def test_one_picture_goes_up_as_uint8_and_nothing_else(predictor: Predictor, turn: Any):
    with Watch() as watch:
        prediction = predictor.predict(noise(30, 40), mounting=turn)
    assert watch.uploads == [(30, 40, 3) if turn == 0 else (40, 30, 3)]
    assert watch.dtypes == [torch.uint8]
    assert [array.shape for array in prediction if array is not None] == [
        (30, 40), (30, 40, 3), (30, 40), (30, 40), (30, 40),
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("sliding_window", [False, True], ids=["whole", "windows"])
def test_words_go_up_once_for_all_pictures(predictor: Predictor, sliding_window: bool):
    label_space = words(sliding_window)
    predictor.predict(noise(60, 130), label_space=label_space)
    with Watch() as watch:
        predictor.predict(noise(60, 130), label_space=label_space)
    assert set(watch.dtypes) == {torch.uint8}
    # Windows read the picture itself, larger than the network saw it.
    assert watch.uploads == [(60, 130, 3)] * (2 if sliding_window else 1)


@pytest.mark.slow
def test_heat_maps_wait_for_nothing_either(predictor: Predictor):
    label_space = words()
    seen = predictor.encode(noise(30, 40), label_spaces=[label_space])
    with Watch() as watch:
        cosines = predictor.similarities(seen, label_space)
    assert cosines.shape == (3, 4, 4) and watch.uploads == [(5, WIDTH)], "the words"


@pytest.mark.slow
def test_cameras_that_want_different_things_share_a_pass(predictor: Predictor):
    views = [
        ImageRequest(noise(30, 40), ["depth"]),
        ImageRequest(noise(20, 60), ["depth", "normals"], 0.5),
        ImageRequest(noise(30, 40), label_spaces=[predictor.model_label_space]),
    ]
    with Watch() as watch:
        for seen, view in zip(predictor.encode_batch(views), views, strict=True):
            predictor.decode(seen, *view.label_spaces)
    assert watch.uploads == [view.rgb.shape for view in views]


def test_the_watch_sees_what_it_is_there_for():
    there, here = torch.ones(3, 3, device=ELSEWHERE), torch.ones(3, 3)
    with Watch(), pytest.raises(AssertionError, match="two devices"):
        there @ here
    for inference in (False, True):
        with Watch() as watch, torch.inference_mode(inference):
            here.to(ELSEWHERE)
        assert watch.uploads == [(3, 3)]
    for waits in (there.sum().item, there.nonzero, there.cpu, there.tolist):
        with pytest.raises((NotImplementedError, RuntimeError)):
            waits()
