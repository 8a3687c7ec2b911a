# SPDX-License-Identifier: Apache-2.0
"""One image in, everything asked for out: at the image's size, from one pass."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch

from tips_ros.model.tips import Tips
from tips_ros.perception.image_request import OUTPUTS, ImageRequest, Output, scaled_size
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.resizing import depth_at, normals_at
from tips_ros.perception.semantic.segmentation import label_map_at

from .conftest import DESCRIPTION


@pytest.fixture
def predictor(tiny_tips: Tips) -> Predictor:
    return Predictor(tiny_tips, DESCRIPTION)


def noise(height: int, width: int, seed: int = 3) -> np.ndarray:
    return np.random.RandomState(seed).randint(0, 256, (height, width, 3)).astype(np.uint8)


def shapes(prediction: Prediction) -> list[tuple[int, ...]]:
    return [array.shape for array in prediction if array is not None]


def dtypes(prediction: Prediction) -> list[str]:
    return [str(array.dtype) for array in prediction if array is not None]


@pytest.mark.parametrize("case", [0, 1])
def test_the_whole_way_gives_the_reference_s_outputs(tiny_tips: Tips, golden: Any, case: int):
    """Model and post-processing together, from the reference's images to its full-size outputs."""
    arrays = golden("dpt/expected.npz")
    expected = {name: arrays[f"case{case}/{name}"] for name in (
        "image", "depth/full", "normals_unit/full", "segmentation/full",
    )}  # fmt: skip
    size = expected["image"].shape[2:]
    with torch.inference_mode():
        maps = tiny_tips(torch.from_numpy(expected["image"]), tiny_tips.head_names)
    depth_m = depth_at(maps.depth, size).numpy()
    normals = normals_at(maps.normals, size).numpy()
    labels = label_map_at(maps.segmentation, size).labels.numpy()
    np.testing.assert_allclose(depth_m, expected["depth/full"][:, 0], rtol=0, atol=1e-4)
    away = expected["normals_unit/full"].transpose(0, 2, 3, 1)
    np.testing.assert_allclose(normals[: len(away)], -away, rtol=0, atol=1e-4)
    np.testing.assert_array_equal(labels, expected["segmentation/full"])


def test_a_prediction_is_what_the_network_says_of_the_image(tiny_tips: Tips):
    rgb = noise(56, 56)
    prediction = Predictor(copy.deepcopy(tiny_tips), DESCRIPTION).predict(rgb)
    x = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        maps = tiny_tips(x, tiny_tips.head_names)
        depth_m = depth_at(maps.depth, (56, 56))[0].numpy()
    assert prediction.depth_m is not None
    np.testing.assert_allclose(prediction.depth_m, depth_m, rtol=0, atol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (48, 64), (61, 97), (1, 40), (200, 3)])
def test_outputs_have_the_image_s_size_whatever_it_is(predictor: Predictor, size: tuple[int, int]):
    prediction = predictor.predict(noise(*size))
    assert shapes(prediction) == [size, (*size, 3), size, size, size]
    assert dtypes(prediction) == ["float32", "float32", "uint8", "uint8", "float32"]
    assert all(array is not None and np.isfinite(array).all() for array in prediction)


@pytest.mark.parametrize(
    ("scale", "size"), [(1.0, (30, 50)), (0.5, (15, 25)), (0.33, (10, 16)), (0.001, (1, 1))]
)
def test_outputs_can_be_smaller_than_the_image(
    predictor: Predictor, scale: float, size: tuple[int, int]
):
    prediction = predictor.predict(noise(30, 50), scale=scale)
    assert prediction.labels is not None
    assert prediction.labels.shape == scaled_size(30, 50, scale) == size


@pytest.mark.parametrize("scale", [0.0, -1.0, 1.01, float("nan"), float("inf")])
def test_a_scale_outside_0_to_1_is_refused(predictor: Predictor, scale: float):
    with pytest.raises(ValueError, match="must be above 0 and at most 1"):
        predictor.predict(noise(14, 14), scale=scale)


@pytest.mark.parametrize("wanted", [["depth"], ["normals"], ["semantic"], ["depth", "semantic"]])
def test_only_what_was_asked_for_is_given(predictor: Predictor, wanted: list[Output]):
    ran: list[str] = []
    for name, module in predictor.model.named_children():
        module.register_forward_hook(lambda *_, name=name: ran.append(name))
    prediction = predictor.predict(noise(30, 40), wanted)
    given = {
        "depth": prediction.depth_m,
        "normals": prediction.normals,
        "semantic": prediction.labels,
    }
    assert [name for name, array in given.items() if array is not None] == wanted
    assert (prediction.confidence is None) == (prediction.labels is None)
    assert len(ran) == 1 + len(wanted) and ran[0] == "backbone"


def test_a_subset_is_the_same_as_in_the_whole(predictor: Predictor):
    rgb = noise(40, 30)
    whole, alone = predictor.predict(rgb), predictor.predict(rgb, ["normals"])
    assert whole.normals is not None and alone.normals is not None
    np.testing.assert_allclose(alone.normals, whole.normals, atol=1e-6)


def test_a_model_without_a_head_offers_and_gives_what_it_has(tiny_tips: Tips):
    tips = Tips(tiny_tips.backbone, (0, 1, 2, 3), depth=tiny_tips.depth)
    predictor = Predictor(tips, DESCRIPTION)
    assert predictor.outputs == ("depth", "stddev")
    assert shapes(predictor.predict(noise(20, 20))) == [(20, 20), (20, 20)]
    with pytest.raises(ValueError, match="no segmentation head; it has depth"):
        predictor.predict(noise(20, 20), ["semantic"])


def test_all_outputs_of_a_whole_model_are_offered(predictor: Predictor):
    assert predictor.outputs == OUTPUTS


def test_what_is_no_image_is_refused(predictor: Predictor):
    with pytest.raises(ValueError, match="uint8 RGB"):
        predictor.predict(np.zeros((4, 4, 4), np.uint8))


def test_a_read_only_image_is_as_good_as_any(predictor: Predictor):
    """A decoded message is a read-only view; pytest would turn torch's warning into an error."""
    rgb = np.frombuffer(noise(30, 40).tobytes(), np.uint8).reshape(30, 40, 3)
    assert not rgb.flags.writeable
    frozen, free = predictor.predict(rgb), predictor.predict(rgb.copy())
    for a, b in zip(frozen, free, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_next_image_does_not_change_an_earlier_result(predictor: Predictor):
    first = predictor.predict(noise(30, 40, seed=1))
    kept = [array.copy() for array in first if array is not None]
    predictor.predict(noise(30, 40, seed=2))
    for before, after in zip(kept, first, strict=True):
        np.testing.assert_array_equal(before, after)


def test_the_network_may_see_another_size(tiny_tips: Tips):
    sizes: list[Any] = []
    tiny_tips.backbone.register_forward_hook(lambda _, inputs, __: sizes.append(inputs[0].shape))
    predictor = Predictor(tiny_tips, DESCRIPTION, input_size=(28, 84))
    assert shapes(predictor.predict(noise(30, 40), ["depth"])) == [(30, 40)]
    assert sizes == [(1, 3, 28, 84)]


@pytest.mark.parametrize("size", [(56, 57), (0, 56), (-14, 14), (448, 440)])
def test_a_size_the_patches_do_not_fill_is_refused(tiny_tips: Tips, size: tuple[int, int]):
    with pytest.raises(ValueError, match="must be multiples of 14"):
        Predictor(tiny_tips, DESCRIPTION, input_size=size)


def test_bf16_gives_fp32_arrays_that_are_nearly_the_same(tiny_tips: Tips):
    rgb = noise(30, 40)
    full = Predictor(copy.deepcopy(tiny_tips), DESCRIPTION).predict(rgb)
    half = Predictor(tiny_tips, DESCRIPTION, dtype=torch.bfloat16).predict(rgb)
    assert dtypes(half) == ["float32", "float32", "uint8", "uint8", "float32"]
    assert half.depth_m is not None and full.depth_m is not None
    np.testing.assert_allclose(half.depth_m, full.depth_m, rtol=0.05)


class TestSeeing:
    def test_makes_value_features_only_for_words(self, predictor: Predictor):
        seen = predictor.encode(
            noise(30, 40), ["depth"], label_spaces=[predictor.model_label_space]
        )
        assert seen.features.value_features is None and seen.maps.segmentation is not None

    def test_without_outputs_has_the_features_alone(self, predictor: Predictor):
        seen = predictor.encode(noise(30, 40))
        assert all(array is None for array in predictor.decode(seen))
        assert seen.features.layers == () and seen.features.cls_token.shape[0] == 1

    def test_refuses_what_the_model_has_no_head_for(self, tiny_tips: Tips):
        tiny_tips.normals = None
        with pytest.raises(ValueError, match="no normals head"):
            Predictor(tiny_tips, DESCRIPTION).encode(noise(30, 40), ["normals"])


class TestSeeingSeveralImages:
    @pytest.mark.slow
    @pytest.mark.parametrize("threads", [1, 2, 3])
    def test_each_is_seen_as_it_would_be_alone(
        self, predictor: Predictor, torch_threads: Any, threads: int
    ):
        torch_threads(threads)
        own = predictor.model_label_space
        views = [
            ImageRequest(noise(30, 40), ["depth", "normals", "semantic"], label_spaces=[own]),
            ImageRequest(noise(20, 60, seed=4), ["depth"], scale=0.5),
            ImageRequest(noise(50, 10, seed=5), ["normals"], label_spaces=[own], mounting=90),
        ]
        for view, seen in zip(views, predictor.encode_batch(views), strict=True):
            label_space = own if view.label_spaces else None
            together = predictor.decode(seen, label_space)
            alone = predictor.decode(predictor.encode(*view), label_space)
            assert shapes(together) == shapes(alone)
            for one, other in zip(together, alone, strict=True):
                assert (one is None) == (other is None)
                if one is not None and one.dtype == np.float32:
                    np.testing.assert_allclose(one, other, atol=1e-5)
                elif one is not None:
                    assert np.mean(one == other) > 0.99, "rounding may move a border"

    @pytest.mark.parametrize(
        ("threads", "expected"),
        [
            (1, {"backbone": [3], "depth": [2], "normals": [1]}),
            (2, {"backbone": [1, 2], "depth": [2], "normals": [1]}),
            (3, {"backbone": [1, 1, 1], "depth": [1, 1], "normals": [1]}),
        ],
    )
    def test_a_pass_sees_each_once_and_a_head_those_that_want_it(
        self, predictor: Predictor, torch_threads: Any, threads: int, expected: dict[str, list[int]]
    ):
        torch_threads(threads)
        sizes: dict[str, list[int]] = {"backbone": [], "depth": [], "normals": []}
        model = predictor.model
        model.backbone.register_forward_pre_hook(
            lambda _, inputs: sizes["backbone"].append(len(inputs[0]))
        )
        for name in ("depth", "normals"):
            getattr(model, name).register_forward_pre_hook(
                lambda _, inputs, n=name: sizes[n].append(len(inputs[0][0].cls_token))
            )
        wanted: list[list[Output]] = [["depth"], ["depth", "normals"], []]
        predictor.encode_batch([ImageRequest(noise(30, 40), outputs) for outputs in wanted])
        assert {part: sorted(of) for part, of in sizes.items()} == expected

    def test_one_that_is_no_image_is_refused(self, predictor: Predictor):
        with pytest.raises(ValueError, match="uint8 RGB"):
            predictor.encode_batch(
                [ImageRequest(noise(30, 40)), ImageRequest(np.zeros((4, 4), np.uint8))]
            )


@pytest.mark.parametrize("mounting", [90, 180, 270])
def test_a_turned_picture_gives_what_the_upright_one_does_turned_back(
    predictor: Predictor, mounting: Any
):
    upright = noise(30, 40)
    delivered = np.ascontiguousarray(np.rot90(upright, mounting // 90))
    expected, found = predictor.predict(upright), predictor.predict(delivered, mounting=mounting)
    for map_ in ("depth_m", "labels", "confidence"):
        turned = np.rot90(getattr(expected, map_), mounting // 90)
        np.testing.assert_array_equal(getattr(found, map_), turned)
    assert expected.normals is not None and found.normals is not None
    # As vectors: along the picture's own right and down.
    normals = np.rot90(expected.normals, mounting // 90)
    x, y, z = np.moveaxis(normals, -1, 0)
    right, down = {90: (y, -x), 180: (-x, -y), 270: (-y, x)}[mounting]
    np.testing.assert_allclose(found.normals, np.stack([right, down, z], -1), atol=1e-6)


def test_value_features_lie_where_their_patches_are_however_the_camera_is_mounted(predictor):
    rgb = np.random.default_rng(3).integers(0, 255, (80, 120, 3), np.uint8)
    (upright,) = predictor.encode_batch([ImageRequest(rgb, features=True)])
    features = predictor.value_features(upright)
    assert features.shape[:2] == tuple(upright.features.grid) and features.dtype == np.float32
    turned = np.ascontiguousarray(np.rot90(rgb))
    (mounted,) = predictor.encode_batch([ImageRequest(turned, mounting=90, features=True)])
    as_mounted = predictor.value_features(mounted)
    np.testing.assert_allclose(as_mounted, np.rot90(features), atol=1e-4)
    (without,) = predictor.encode_batch([ImageRequest(rgb, ("depth",))])
    with pytest.raises(ValueError, match="not asked for"):
        predictor.value_features(without)
