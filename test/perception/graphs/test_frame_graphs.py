# SPDX-License-Identifier: Apache-2.0
"""A frame played as one graph says what it says step by step, and costs one upload and one graph.

CUDA is a stand-in here, see conftest.py, on every machine; `TestOnAGpu` plays real graphs.
"""

from __future__ import annotations

import copy
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tips_ros.model.fast import rewrite_for, rewrite_heads
from tips_ros.model.tips import Tips
from tips_ros.perception.graphs import frame_work
from tips_ros.perception.graphs.frame_work import FrameWork
from tips_ros.perception.graphs.played_frames import PlayedFrames
from tips_ros.perception.image_request import ImageRequest
from tips_ros.perception.language.prompts import parse_prompts
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import LabelSpace, zero_shot_label_space

from ..conftest import DESCRIPTION
from .conftest import Cuda

WIDTH = 64


@pytest.fixture
def in_steps(tiny_tips: Tips, cuda: Cuda) -> Predictor:
    """Asks for each step by itself."""
    return Predictor(rewrite_heads(tiny_tips, early=False), DESCRIPTION)


@pytest.fixture
def played(in_steps: Predictor) -> Predictor:
    """The same model, played."""
    return playing(in_steps)


def playing(other: Predictor, kept: int = 16) -> Predictor:
    predictor = Predictor(other.model, DESCRIPTION, backend="graphs")
    model = predictor.model
    work_of = partial(FrameWork, model, DESCRIPTION, predictor.input_size, predictor.dtype)
    predictor._played = PlayedFrames(work_of, model.head_names, predictor.device, kept)
    return predictor


def noise(seed: int, height: int = 30, width: int = 40) -> NDArray[np.uint8]:
    return np.random.RandomState(seed).randint(0, 256, (height, width, 3)).astype(np.uint8)


def words() -> LabelSpace:
    prompts = parse_prompts(["door: door | gate", "floor", "wall"])
    return zero_shot_label_space(prompts, torch.eye(len(prompts.all_words), WIDTH), 0.01)


def assert_equal(found: Prediction, expected: Prediction) -> None:
    for name, array in expected._asdict().items():
        other = getattr(found, name)
        assert (array is None) == (other is None), name
        if array is not None:
            assert array.dtype == other.dtype, name
            np.testing.assert_allclose(other, array, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("mounting", [0, 90])
def test_every_picture_of_a_recording_has_its_own_results(
    in_steps: Predictor, played: Predictor, cuda: Cuda, mounting: Any
):
    for seed in range(3):
        found = played.predict(noise(seed), mounting=mounting)
        assert_equal(found, in_steps.predict(noise(seed), mounting=mounting))
        assert found.stddev_m is not None and found.confidence is not None
    assert len(cuda.graphs) == 1


@pytest.mark.parametrize("outputs", [["depth"], ["normals"], ["depth", "stddev"], ["semantic"]])
def test_only_what_is_asked_for_is_made(
    in_steps: Predictor, played: Predictor, outputs: list[Any]
):
    assert_equal(played.predict(noise(1), outputs, 0.5), in_steps.predict(noise(1), outputs, 0.5))


def test_words_are_told_from_the_features_of_a_played_frame(
    in_steps: Predictor, played: Predictor, cuda: Cuda
):
    for seed in range(2):
        found = played.predict(noise(seed), label_space=words())
        assert_equal(found, in_steps.predict(noise(seed), label_space=words()))
    assert len(cuda.graphs) == 1, "new words need no new recording"


def test_features_and_cosines_are_those_of_each_step(in_steps: Predictor, played: Predictor):
    space = words()
    one, other = (
        predictor.encode(noise(2), label_spaces=[space], features=True)
        for predictor in (in_steps, played)
    )
    features = in_steps.value_features(one), played.value_features(other)
    np.testing.assert_allclose(*features, atol=1e-5)
    np.testing.assert_allclose(
        in_steps.similarities(one, space), played.similarities(other, space), atol=1e-5
    )
    for token in ("cls_token", "second_cls_token", "patch_tokens"):
        torch.testing.assert_close(getattr(one.features, token), getattr(other.features, token))


def test_thresholds_and_published_ids_may_change_without_a_new_recording(
    in_steps: Predictor, played: Predictor, cuda: Cuda
):
    own = in_steps.model_label_space
    strict = replace(own, least=np.full(256, 9, np.uint8))
    turned = replace(own, id_of_output=np.arange(255, -1, -1).astype(np.uint8))
    for space in (own, strict, turned):
        found = played.predict(noise(1), label_space=space)
        assert_equal(found, in_steps.predict(noise(1), label_space=space))
    assert len(cuda.graphs) == 1


def test_results_stay_as_they_are_when_the_next_frame_is_played(played: Predictor):
    first = played.predict(noise(1))
    kept = [array.copy() for array in first if array is not None]
    played.predict(noise(2))
    for before, after in zip(kept, first, strict=True):
        np.testing.assert_array_equal(before, after)


def test_two_frames_may_be_played_before_the_first_is_fetched(
    in_steps: Predictor, played: Predictor
):
    space = played.model_label_space
    seen = [played.encode(noise(i), played.outputs, 1.0, [space]) for i in range(3)]
    for i in (2, 0, 1):
        assert_equal(played.decode(seen[i], space), in_steps.predict(noise(i)))


def test_cameras_share_a_graph_each_with_its_own_size_and_outputs(
    in_steps: Predictor, played: Predictor, cuda: Cuda
):
    space = played.model_label_space
    for seed in range(2):
        views = [
            ImageRequest(noise(seed), ["depth"]),
            ImageRequest(noise(seed + 5, 20, 60), ["depth", "normals"], 0.5),
            ImageRequest(noise(seed + 9), label_spaces=[space]),
        ]
        pairs = zip(played.encode_batch(views), in_steps.encode_batch(views), views, strict=True)
        for ours, theirs, view in pairs:
            spaces = list(view.label_spaces)
            assert_equal(played.decode(ours, *spaces), in_steps.decode(theirs, *spaces))
    assert len(cuda.graphs) == 1


@pytest.mark.slow
def test_another_size_or_other_outputs_are_another_recording_and_the_oldest_goes(
    in_steps: Predictor, cuda: Cuda
):
    played = playing(in_steps, kept=2)
    for size in ((30, 40), (20, 60), (30, 40), (50, 50), (30, 40)):
        assert_equal(played.predict(noise(1, *size)), in_steps.predict(noise(1, *size)))
    assert len(cuda.graphs) == 3, "what was used last is kept"
    played.predict(noise(1, 20, 60))
    assert len(cuda.graphs) == 4


def test_what_was_prepared_is_played_at_once(
    in_steps: Predictor, played: Predictor, cuda: Cuda
):
    views = [ImageRequest(noise(1), ["depth"], mounting=90)]
    assert not played.is_prepared(views) and in_steps.is_prepared(views)
    played.prepare(views)
    assert len(cuda.graphs) == 1 and played.is_prepared(views)
    cuda.asked.clear()
    (found,), (expected,) = (one.encode_batch(views) for one in (played, in_steps))
    assert cuda.asked.count("a graph is played") == len(cuda.graphs) == 1
    assert_equal(played.decode(found), in_steps.decode(expected))
    for other in (ImageRequest(noise(1), ["depth"]), ImageRequest(noise(1), ["normals"])):
        assert not played.is_prepared([other]) and not played.is_prepared([*views, other])
    assert played.is_prepared([ImageRequest(noise(1), maps=True)]), "comes step by step"


def test_maps_themselves_come_step_by_step(in_steps: Predictor, played: Predictor, cuda: Cuda):
    (encoded,) = played.encode_batch([ImageRequest(noise(1), ["depth"], maps=True)])
    assert encoded.packed is None and encoded.maps.depth is not None and not cuda.graphs


def test_a_bad_request_is_the_caller_s_and_no_recording_s(played: Predictor, cuda: Cuda):
    with pytest.raises(ValueError, match="uint8 RGB"):
        played.predict(noise(1).astype(np.float32))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="scale"):
        played.predict(noise(1), scale=0.0)
    assert not cuda.graphs


class TestWhatIsAskedOfCuda:
    def test_heads_are_branches_of_the_graph_that_begin_and_end_with_it(
        self, played: Predictor, cuda: Cuda
    ):
        played.predict(noise(1), ["depth", "normals", "semantic"])
        captured = [line for line in cuda.asked if line.startswith("captured: ")]
        # Streams of heads were there first; the third is the one that is captured.
        assert captured == [
            "captured: stream 1 waits for stream 3",
            "captured: stream 2 waits for stream 3",
            "captured: stream 3 waits for stream 1",
            "captured: stream 3 waits for stream 2",
        ]

    def test_a_frame_plays_one_graph_after_the_last_one_s_results_were_copied(
        self, played: Predictor, cuda: Cuda
    ):
        played.predict(noise(1))
        cuda.asked.clear()
        played.predict(noise(2))
        assert cuda.asked == ["passes waits for passes", "a graph is played"]


class TestARecordingThatLies:
    """It must not serve: what a graph plays is compared with what was recorded."""

    def test_what_does_not_follow_its_picture_is_refused_and_said_once(
        self,
        in_steps: Predictor,
        played: Predictor,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ):
        calls = iter(range(100))

        def depends_on_the_host(maps: Any, size: Any) -> torch.Tensor:
            return torch.full((1, *size), float(next(calls)))

        monkeypatch.setattr(frame_work, "depth_at", depends_on_the_host)
        with caplog.at_level(logging.WARNING):
            for seed in range(2):
                found = played.predict(noise(seed), ["depth"])
                assert_equal(found, in_steps.predict(noise(seed), ["depth"]))
        assert caplog.text.count("step by step") == 2  # the line and its reason
        assert "another depth_m" in caplog.text

    def test_what_can_t_be_recorded_is_served_step_by_step(
        self,
        in_steps: Predictor,
        played: Predictor,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ):
        def fail(*_: Any, **__: Any) -> None:
            raise RuntimeError("operation not permitted when stream is capturing")

        monkeypatch.setattr(torch.cuda, "graph", fail)
        assert_equal(played.predict(noise(1)), in_steps.predict(noise(1)))
        assert "operation not permitted" in caplog.text


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA GPU here")
class TestOnAGpu:
    @pytest.fixture(params=[torch.float32, torch.bfloat16], ids=str)
    def pair(self, tiny_tips: Tips, request: pytest.FixtureRequest) -> list[Predictor]:
        model = rewrite_for(tiny_tips, "cuda", request.param)
        return [
            Predictor(model, DESCRIPTION, device="cuda", dtype=request.param, backend=backend)
            for backend in ("torch", "graphs")
        ]

    def test_a_played_frame_is_that_of_each_step(self, pair: list[Predictor], caplog: Any):
        in_steps, played = pair
        for seed in range(6):
            found, expected = (one.predict(noise(seed)) for one in (played, in_steps))
            for name, array in expected._asdict().items():
                near = np.isclose(getattr(found, name), array, rtol=0.02, atol=0.02)
                assert near.mean() > 0.98, name
        assert not caplog.text, "it was recorded"

    def test_a_played_frame_is_that_of_the_plain_model_on_a_cpu(self, tiny_tips: Tips):
        """So that no kernel is compared with itself."""
        on_cpu = Predictor(copy.deepcopy(tiny_tips), DESCRIPTION)
        model = rewrite_for(tiny_tips, "cuda", torch.float32)
        played = Predictor(model, DESCRIPTION, device="cuda", backend="graphs")
        for seed in range(3):
            found, expected = (one.predict(noise(seed)) for one in (played, on_cpu))
            np.testing.assert_allclose(found.depth_m, expected.depth_m, rtol=0.01)
            np.testing.assert_allclose(found.normals, expected.normals, atol=0.05)
            assert np.mean(found.labels == expected.labels) > 0.98

    def test_frames_that_follow_each_other_don_t_mix(self, pair: list[Predictor]):
        in_steps, played = pair
        space = played.model_label_space
        seen = [played.encode(noise(i), played.outputs, 1.0, [space]) for i in range(12)]
        for i in reversed(range(12)):
            found, expected = played.decode(seen[i], space), in_steps.predict(noise(i))
            assert np.isclose(found.depth_m, expected.depth_m, rtol=0.02).mean() > 0.98

    def test_threads_may_ask_for_frames_of_several_kinds(self, pair: list[Predictor]):
        in_steps, played = pair

        def asked(seed: int) -> bool:
            size = (30, 40 + seed % 3)
            found, expected = (one.predict(noise(seed, *size)) for one in (played, in_steps))
            return bool(np.isclose(found.depth_m, expected.depth_m, rtol=0.02).mean() > 0.98)

        with ThreadPoolExecutor(4) as threads:
            assert all(threads.map(asked, range(24)))
