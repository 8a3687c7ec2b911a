# SPDX-License-Identifier: Apache-2.0
"""Pictures up, results down: on a CPU nothing is copied; on a GPU nothing waits too long or too
little, and nothing is overwritten.

Where there is no GPU a recorder stands in for CUDA: it shows in which order what is asked for, not
what CUDA makes of it.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tips_ros.model.tips import DenseMaps, Tips
from tips_ros.model.vit import ImageFeatures, PatchGrid
from tips_ros.perception import host_transfer as transfer
from tips_ros.perception.encoded_image import EncodedImage
from tips_ros.perception.host_transfer import HostTransfer, to_device
from tips_ros.perception.image_request import ImageRequest
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.predictor import Predictor

from .conftest import DESCRIPTION

CPU, GPU = torch.device("cpu"), torch.device("cuda")
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA GPU here")


def noise(seed: int, height: int = 30, width: int = 40) -> NDArray[np.uint8]:
    return np.random.RandomState(seed).randint(0, 256, (height, width, 3)).astype(np.uint8)


def seen_with(passed: Any = None) -> EncodedImage:
    """Just tensors: an image, a depth map."""
    token = torch.zeros(1, 2)
    features = ImageFeatures(token, token, token[None], PatchGrid(1, 1), (), None)
    maps = DenseMaps(depth=torch.ones(1, 1, 4, 4))
    return EncodedImage(noise(1), (30, 40), torch.zeros(1, 3, 14, 14), maps, features, 0, passed)


class TestOnACpu:
    def test_a_picture_is_not_copied(self):
        rgb = noise(1)
        assert to_device(rgb, CPU).data_ptr() == rgb.ctypes.data

    def test_a_result_is_not_copied(self):
        made = torch.rand(1, 5, 6)
        (array,) = HostTransfer(CPU).to_host(seen_with(), lambda: [made])
        assert array is not None and array.shape == (5, 6)
        assert array.ctypes.data == made.data_ptr()

    def test_what_is_not_wanted_is_none(self):
        depth, labels = HostTransfer(CPU).to_host(seen_with(), lambda: (None, torch.zeros(1, 2)))
        assert depth is None and labels is not None

    def test_a_pass_needs_no_mark(self):
        assert HostTransfer(CPU).record_event() is None


@pytest.mark.parametrize("device", [CPU, pytest.param(GPU, marks=on_gpu)], ids=str)
def test_any_view_of_a_picture_arrives_as_it_is(device: torch.device):
    whole = noise(2)
    frozen = whole.copy()
    frozen.flags.writeable = False
    for view in (whole, whole[:, 3:20], whole[:, ::-1], whole[..., ::-1], frozen):
        np.testing.assert_array_equal(to_device(view, device).cpu().numpy(), view)


class Recorder:
    """Stands in for CUDA's streams and events, and writes down what is asked of them."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.current = "pass stream"

    def stream(self, name: str) -> Any:
        recorder = self

        class Stream:
            def wait_event(self, event: Any) -> None:
                recorder.asked.append(f"{name} waits for {event}")

            def wait_stream(self, other: Any) -> None:
                recorder.asked.append(f"{name} waits for {other}")

            def record_event(self, event: Any = None) -> Any:
                recorder.asked.append(f"{name} is marked")
                return event

            def __str__(self) -> str:
                return name

        return Stream()

    @contextlib.contextmanager
    def on(self, stream: Any) -> Iterator[None]:
        before, self.current = self.current, str(stream)
        try:
            yield
        finally:
            self.current = before

    def event(self, blocking: bool = False) -> Any:
        recorder = self

        class Event:
            def synchronize(self) -> None:
                recorder.asked.append("the host waits")

        return Event()

    def pinned(self, shape: Any, dtype: torch.dtype) -> torch.Tensor:
        self.asked.append(f"memory on the host, on {self.current}")
        return torch.empty(tuple(shape), dtype=dtype)


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(torch.cuda, "Stream", lambda *_: recorder.stream("way back"))
    monkeypatch.setattr(torch.cuda, "stream", recorder.on)
    monkeypatch.setattr(torch.cuda, "Event", recorder.event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: recorder.stream(recorder.current))
    monkeypatch.setattr(transfer, "pin", recorder.pinned)
    held = lambda tensor, stream: recorder.asked.append(f"held for {stream}")  # noqa: E731
    monkeypatch.setattr(torch.Tensor, "record_stream", held)
    return recorder


class TestWhatIsAskedOfCuda:
    def test_results_wait_for_their_own_pass_and_the_host_for_them_once(self, cuda: Recorder):
        def make() -> list[torch.Tensor | None]:
            cuda.asked.append(f"made on {cuda.current}")
            return [torch.full((1, 2), 7.0), None, torch.full((1, 3), 8.0)]

        found = HostTransfer(GPU).to_host(seen_with("its pass"), make)
        assert cuda.asked == [
            "way back waits for its pass",
            "held for way back",
            "held for way back",
            "made on way back",
            "memory on the host, on way back",
            "memory on the host, on way back",
            "way back is marked",
            "the host waits",
        ]
        assert found[1] is None
        assert [None if one is None else one.tolist() for one in found] == [
            [7.0, 7.0], None, [8.0, 8.0, 8.0],
        ]  # fmt: skip

    def test_without_a_mark_they_wait_for_all_that_was_asked_before(self, cuda: Recorder):
        HostTransfer(GPU).to_host(seen_with(), lambda: [None])
        assert cuda.asked[0] == "way back waits for pass stream"

    def test_a_pass_is_marked_on_its_own_stream(self, cuda: Recorder):
        HostTransfer(GPU).record_event()
        assert cuda.asked == ["pass stream is marked"]

    def test_an_error_while_results_are_made_is_the_caller_s(self, cuda: Recorder):
        def fail() -> list[torch.Tensor | None]:
            raise ValueError("not seen for this label space")

        with pytest.raises(ValueError, match="not seen for"):
            HostTransfer(GPU).to_host(seen_with("its pass"), fail)
        assert cuda.current == "pass stream"


def pair(tips: Tips) -> tuple[Predictor, Predictor]:
    """The same model on the CPU and on the GPU."""
    return Predictor(copy.deepcopy(tips), DESCRIPTION), Predictor(tips, DESCRIPTION, device="cuda")


def assert_alike(found: Prediction, expected: Prediction) -> None:
    """Up to rounding; where two classes are as likely either may win."""
    assert found.depth_m is not None and found.normals is not None
    assert found.labels is not None and found.confidence is not None
    np.testing.assert_allclose(found.depth_m, expected.depth_m, rtol=0.01)
    np.testing.assert_allclose(found.normals, expected.normals, atol=0.05)
    assert np.mean(found.labels == expected.labels) > 0.98
    assert np.mean(np.abs(found.confidence.astype(int) - expected.confidence) <= 2) > 0.98


@on_gpu
class TestOnAGpu:
    def test_a_prediction_is_the_cpu_s(self, tiny_tips: Tips):
        on_cpu, there = pair(tiny_tips)
        for seed, turn in ((1, 0), (2, 90)):
            rgb = noise(seed)
            assert_alike(there.predict(rgb, mounting=turn), on_cpu.predict(rgb, mounting=turn))  # type: ignore[arg-type]

    def test_several_pictures_don_t_mix(self, tiny_tips: Tips):
        """Passes follow each other without a pause, and the first results are fetched last."""
        on_cpu, there = pair(tiny_tips)
        rgbs = [noise(seed) for seed in range(12)]
        asked = [there.encode(rgb, there.outputs, 1.0, [there.model_label_space]) for rgb in rgbs]
        for rgb, seen in reversed(list(zip(rgbs, asked, strict=True))):
            assert_alike(there.decode(seen, there.model_label_space), on_cpu.predict(rgb))

    def test_the_picture_s_memory_may_be_used_again_at_once(self, tiny_tips: Tips):
        on_cpu, there = pair(tiny_tips)
        rgb = noise(1)
        expected = on_cpu.predict(rgb)
        seen = there.encode(rgb, there.outputs, 1.0, [there.model_label_space])
        rgb[:] = 0
        assert_alike(there.decode(seen, there.model_label_space), expected)

    def test_arrays_stay_as_they_are_when_more_pictures_come(self, tiny_tips: Tips):
        _, there = pair(tiny_tips)
        first = there.predict(noise(1))
        kept = [array.copy() for array in first if array is not None]
        for seed in range(2, 10):
            there.predict(noise(seed))
        for before, after in zip(kept, first, strict=True):
            np.testing.assert_array_equal(before, after)

    def test_memory_goes_back_when_nobody_holds_the_arrays(self, tiny_tips: Tips):
        _, there = pair(tiny_tips)
        places = set()
        for seed in range(20):
            depth_m = there.predict(noise(seed), ["depth"]).depth_m
            assert depth_m is not None
            places.add(depth_m.ctypes.data)
        assert len(places) < 20

    def test_cameras_that_want_different_things_share_a_pass(self, tiny_tips: Tips):
        on_cpu, there = pair(tiny_tips)
        views = [ImageRequest(noise(1), ["depth"]), ImageRequest(noise(2), ["depth", "normals"])]
        for ours, theirs in zip(there.encode_batch(views), on_cpu.encode_batch(views), strict=True):
            found, expected = there.decode(ours), on_cpu.decode(theirs)
            np.testing.assert_allclose(found.depth_m, expected.depth_m, rtol=0.01)
