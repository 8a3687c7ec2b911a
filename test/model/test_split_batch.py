# SPDX-License-Identifier: Apache-2.0
"""A batch in shares that are computed at the same time is what it is together."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tips_ros.model.split_batch import run_shares, split_batch
from tips_ros.model.tips import DenseMaps, HeadName, Tips, TipsOutput
from tips_ros.model.vit import ImageFeatures

PATIENCE_S = 30.0


@pytest.mark.parametrize(
    ("count", "threads", "sizes", "of_each"),
    [
        (4, 1, [4], 1),
        (1, 8, [1], 8),
        (2, 2, [1, 1], 1),
        (3, 2, [2, 1], 1),
        (4, 2, [2, 2], 1),
        (5, 2, [3, 2], 1),
        (3, 4, [1, 1, 1], 1),
        (2, 4, [1, 1], 2),
        (4, 6, [2, 2], 3),  # four shares would leave two of six threads without work
        (5, 4, [3, 2], 2),  # four shares would all wait for the one with two images
        (8, 4, [2, 2, 2, 2], 1),
        (2, 3, [2], 3),
    ],
)
def test_a_batch_is_shared_so_that_most_threads_are_at_work(
    count: int, threads: int, sizes: list[int], of_each: int
):
    shares, found = split_batch(count, threads)
    assert ([share.stop - share.start for share in shares], found) == (sizes, of_each)


def test_each_image_is_in_one_share_and_there_are_threads_for_all_shares():
    for threads in range(1, 17):
        for count in range(1, 20):
            shares, of_each = split_batch(count, threads)
            assert [i for share in shares for i in range(count)[share]] == list(range(count))
            sizes = [share.stop - share.start for share in shares]
            assert max(sizes) - min(sizes) <= 1
            assert of_each >= 1 and len(shares) * of_each <= threads
            assert 4 * count * of_each >= 3 * threads * max(sizes)


def test_shares_are_computed_at_the_same_time_and_come_in_order(torch_threads: Any):
    torch_threads(2)
    both = threading.Barrier(2)

    def work(share: slice) -> list[int]:
        both.wait(PATIENCE_S)  # breaks where one share waits for the other's end
        return list(range(4))[share]

    assert run_shares(work, 4) == [0, 1, 2, 3]


@pytest.mark.parametrize(("threads", "of_each"), [(1, 1), (2, 1), (4, 2)])
def test_each_share_has_threads_of_its_own_and_others_keep_theirs(
    torch_threads: Any, threads: int, of_each: int
):
    torch_threads(threads)
    assert run_shares(lambda _: [torch.get_num_threads()], 2) == [of_each] * min(threads, 2)
    later: list[int] = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert (torch.get_num_threads(), later) == (threads, [threads])


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad, torch.enable_grad])
def test_shares_keep_gradients_or_not_as_the_caller_does(
    torch_threads: Any, mode: Callable[[], Any]
):
    torch_threads(2)

    def modes(_: slice) -> list[tuple[bool, bool]]:
        return [(torch.is_inference_mode_enabled(), torch.is_grad_enabled())]

    with mode():
        assert run_shares(modes, 2) == modes(slice(0, 2)) * 2


def test_a_share_that_fails_fails_the_batch_once_no_other_is_at_work(torch_threads: Any):
    torch_threads(2)
    failed, ended = threading.Event(), threading.Event()

    def work(share: slice) -> list[int]:
        if share.start == 0:
            failed.set()
            raise RuntimeError("out of memory")
        assert failed.wait(PATIENCE_S)
        ended.wait(0.2)  # nobody sets it: time in which a hasty caller would be back
        ended.set()
        return [1]

    with pytest.raises(RuntimeError, match="out of memory"):
        run_shares(work, 2)
    assert ended.is_set()
    assert run_shares(lambda share: [share.start], 2) == [0, 1]


def looks(tips: Tips, images: torch.Tensor) -> list[TipsOutput]:
    heads: list[list[HeadName]] = [["depth"], ["depth", "normals", "segmentation"], [], ["normals"]]
    with torch.inference_mode():
        return tips.forward_batch(images, heads, value_features=True)


def tensors_of(look: TipsOutput) -> list[torch.Tensor | None]:
    features = look.features
    return [*look.maps, features.cls_token, features.patch_tokens, features.value_features]


def test_a_model_sees_in_shares_what_it_sees_together(tiny_tips: Tips, torch_threads: Any):
    images = torch.rand(4, 3, 56, 42, generator=torch.Generator().manual_seed(0))
    torch_threads(1)
    together = looks(tiny_tips, images)
    for threads in (2, 3, 4, 8):
        torch_threads(threads)
        for one, other in zip(looks(tiny_tips, images), together, strict=True):
            for found, expected in zip(tensors_of(one), tensors_of(other), strict=True):
                assert (found is None) == (expected is None)
                if found is not None and expected is not None:
                    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_shares_pass_in_other_threads(tiny_tips: Tips, torch_threads: Any):
    torch_threads(2)
    passes: list[tuple[str, int]] = []
    tiny_tips.backbone.register_forward_pre_hook(
        lambda _, inputs: passes.append((threading.current_thread().name, len(inputs[0])))
    )
    looks(tiny_tips, torch.zeros(4, 3, 28, 28))
    assert [size for _, size in passes] == [2, 2]
    assert threading.current_thread().name not in dict(passes)


class OneByOne(nn.Module):
    """Stands where an engine's backbone does."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[int] = []

    def forward(self, images: torch.Tensor, *_: Any) -> ImageFeatures:
        self.given.append(len(images))
        tokens = torch.zeros(len(images), 4, 8)
        return ImageFeatures(tokens[:, 0], tokens[:, 0], tokens, (2, 2), (), None)  # type: ignore[arg-type]


def test_an_engine_is_given_the_batch_as_it_is(torch_threads: Any):
    torch_threads(2)
    engine = OneByOne()
    found = Tips(engine, ()).forward_batch(torch.zeros(4, 3, 28, 28), [[]] * 4)  # type: ignore[arg-type]
    assert engine.given == [4]
    assert [look.maps for look in found] == [DenseMaps()] * 4


def test_a_head_that_is_not_there_is_told_before_anything_runs(tiny_tips: Tips):
    tiny_tips.normals = None
    ran: list[bool] = []
    tiny_tips.backbone.register_forward_pre_hook(lambda *_: ran.append(True))
    with pytest.raises(ValueError, match="no normals head"):
        looks(tiny_tips, torch.zeros(4, 3, 28, 28))
    assert not ran


@pytest.mark.slow
def test_the_workers_of_a_thread_end_with_it(torch_threads: Callable[[int], None]):
    torch_threads(2)
    workers: set[threading.Thread] = set()

    def note(share: slice) -> list[int]:
        workers.add(threading.current_thread())
        return [share.start]

    caller = threading.Thread(target=lambda: run_shares(note, 4))
    caller.start()
    caller.join()
    del caller
    gc.collect()
    assert workers and threading.current_thread() not in workers
    for worker in workers:
        worker.join(timeout=30)
        assert not worker.is_alive()
