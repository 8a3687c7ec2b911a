# SPDX-License-Identifier: Apache-2.0
"""Cues are those of the geometry, and a deviation is metres beside the depth it belongs to."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tips_ros.model.tips import DenseMaps, Tips
from tips_ros.perception.depth.depth_scale import DepthScale, prediction_in_metres
from tips_ros.perception.deviation.cues import Focal, cues_of
from tips_ros.perception.deviation.model import UNCALIBRATED, DeviationModel
from tips_ros.perception.deviation.predicted import stddev_map
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.predictor import Predictor

from ..conftest import DESCRIPTION

FOCAL = Focal.of_picture(0.81, (96, 128))
SIZE = (96, 128)


def plane(normal: tuple[float, float, float]) -> DenseMaps:
    """What a camera sees of a plane 2 m ahead, its normals right or turned by 30 degrees."""
    h, w = SIZE
    x = ((torch.arange(w) + 0.5) / w - 0.5) / FOCAL.x
    y = (((torch.arange(h) + 0.5) / h - 0.5) / FOCAL.y)[:, None]
    n = torch.tensor(normal) / torch.tensor(normal).norm()
    depth = 2.0 * n[2] / (n[0] * x + n[1] * y + n[2])
    normals = n[:, None, None].expand(3, h, w)[None] * 7.0  # of any length
    return DenseMaps(
        depth[None, None].float(),
        normals,
        torch.zeros(1, 5, h, w),
        torch.stack([torch.full(SIZE, 3.0), torch.full(SIZE, 0.1), torch.full(SIZE, 0.2)])[None],
    )


@pytest.mark.parametrize("normal", [(0.0, 0.0, 1.0), (0.5, 0.0, 1.0), (-0.3, 0.6, 1.0)])
def test_right_normals_agree_with_the_depths_own(normal):
    cues = cues_of(plane(normal), FOCAL)
    inside = cues["disagreement"][..., 2:-2, 2:-2]
    assert float(inside.max()) < np.log(0.02), "1.01 − cos, of less than 8 degrees"
    turned = plane(normal)._replace(normals=plane((0.9, 0.9, 0.4)).normals)
    assert float(cues_of(turned, FOCAL)["disagreement"][..., 2:-2, 2:-2].min()) > np.log(0.05)


def test_a_wall_ahead_faces_the_camera_and_a_floor_is_grazed():
    wall, floor = (cues_of(plane(n), FOCAL)["facing"] for n in ((0, 0, 1.0), (0, 1.0, 0.15)))
    assert float(wall[..., 24, 32].max()) == pytest.approx(1.0, abs=1e-3)
    assert float(floor[..., 24, 32].max()) < 0.2


def test_slope_is_an_edge():
    maps = plane((0, 0, 1.0))
    depth = maps.depth.clone()
    depth[..., 64:] *= 1.5
    slope = cues_of(maps._replace(depth=depth), FOCAL)["slope"][0, 0, 24]
    assert float(slope[32]) > 0.2 and float(slope[10]) < 1e-3


def test_without_the_other_heads_their_cues_are_not_there():
    maps = plane((0, 0, 1.0))
    assert "facing" in cues_of(maps, FOCAL)
    for missing in ({"normals": None}, {"segmentation": None}):
        assert "facing" not in cues_of(maps._replace(**missing), FOCAL)


@pytest.mark.parametrize("size", [(96, 128), (33, 65), (1, 1)])
def test_cues_stand_at_every_second_pixel_and_the_deviation_at_each(size: tuple[int, int]):
    h, w = size
    maps = DenseMaps(*(None if m is None else m[..., :h, :w] for m in plane((0.5, 0, 1.0))))
    every_second = (1, 1, (h + 1) // 2, (w + 1) // 2)
    assert {tuple(cue.shape) for cue in cues_of(maps, FOCAL).values()} == {every_second}
    assert stddev_map(maps, UNCALIBRATED, FOCAL).shape == (1, 1, h, w)


def test_maps_without_evidence_are_refused():
    with pytest.raises(ValueError, match="evidence"):
        cues_of(plane((0, 0, 1.0))._replace(depth_evidence=None), FOCAL)


def test_each_set_of_coefficients_serves_its_heads():
    model = DeviationModel({"constant": np.log(0.1)}, {"constant": np.log(0.2)}, "made")
    maps = plane((0, 0, 1.0))
    together, alone = (stddev_map(m, model, FOCAL) for m in (maps, maps._replace(normals=None)))
    assert torch.allclose(together, 0.2 * maps.depth) and torch.allclose(alone, 0.1 * maps.depth)


def test_numbers_beyond_all_reason_are_bounded():
    maps = plane((0, 0, 1.0))
    for constant, bound in ((-90.0, 1e-3), (90.0, 3.0)):
        model = DeviationModel({"constant": constant}, {"constant": constant}, "made")
        assert torch.allclose(stddev_map(maps, model, FOCAL), bound * maps.depth)
    dead = maps._replace(depth_evidence=torch.zeros(1, 3, *SIZE))
    assert stddev_map(dead, UNCALIBRATED, FOCAL).isfinite().all()


@pytest.fixture
def predictor(tiny_tips: Tips) -> Predictor:
    return Predictor(tiny_tips, DESCRIPTION)


def image(height: int, width: int) -> np.ndarray:
    return np.random.RandomState(3).randint(0, 256, (height, width, 3)).astype(np.uint8)


def test_the_predictor_says_it_at_the_size_of_the_depth(predictor: Predictor):
    said = predictor.predict(image(40, 60), ["depth", "stddev"])
    assert said.depth_m is not None and said.stddev_m is not None and said.labels is None
    assert said.stddev_m.shape == said.depth_m.shape == (40, 60)
    assert said.stddev_m.dtype == np.float32 and (said.stddev_m > 0).all()


def test_nobody_pays_for_it_who_did_not_ask(predictor: Predictor):
    seen = predictor.encode(image(40, 60), ["depth"])
    assert seen.maps.depth_evidence is None
    assert predictor.decode(seen).stddev_m is None


def test_in_a_batch_only_who_asked_gets_it(predictor: Predictor):
    from tips_ros.perception.image_request import ImageRequest

    asked, not_asked = predictor.encode_batch(
        [ImageRequest(image(40, 60), ["depth", "stddev"]), ImageRequest(image(40, 60), ["depth"])]
    )
    assert predictor.decode(asked).stddev_m is not None
    assert predictor.decode(not_asked).stddev_m is None


def test_a_turned_camera_has_it_turned_as_its_depth(predictor: Predictor):
    upright = predictor.predict(image(40, 60), ["depth", "stddev"])
    turned = predictor.predict(np.rot90(image(40, 60)).copy(), ["depth", "stddev"], mounting=90)
    assert upright.stddev_m is not None and turned.stddev_m is not None
    assert turned.stddev_m.shape == turned.depth_m.shape == (60, 40)


def test_the_scale_is_applied_to_it_as_to_the_depth():
    depth = np.array([[1.0, 2.0, 9.9]], np.float32)
    said = Prediction(depth, stddev_m=np.array([[0.1, 0.2, 0.9]], np.float32))
    metric = prediction_in_metres(said, DepthScale(2.0, "fixed"), 10.0)
    assert np.isposinf(metric.depth_m[0, 2]) and np.isnan(metric.stddev_m[0, 2])
    np.testing.assert_allclose(metric.stddev_m[0, :2], [0.2, 0.4])


def test_an_offset_moves_the_depth_and_not_its_deviation():
    said = Prediction(np.full((2, 2), 2.0, np.float32), stddev_m=np.full((2, 2), 0.2, np.float32))
    metric = prediction_in_metres(said, DepthScale(1.0, "sensor", offset_m=-3.0), 10.0)
    assert np.isnan(metric.depth_m).all() and np.isnan(metric.stddev_m).all()
    nearer = prediction_in_metres(said, DepthScale(1.0, "sensor", offset_m=0.5), 10.0)
    np.testing.assert_allclose(nearer.stddev_m, 0.2)


@pytest.mark.parametrize("size", [(96, 128), (41, 77), (40, 77), (1, 1)])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("side_by_side", [True, False])
def test_doubt_is_of_the_likeliest_class_however_the_logits_lie_in_memory(
    size, kind, side_by_side
):
    logits = torch.randn(2, 6, *size, generator=torch.Generator().manual_seed(4)).to(kind)
    if side_by_side:
        logits = logits.to(memory_format=torch.channels_last)
    h, w = size
    maps = DenseMaps(
        torch.full((2, 1, h, w), 2.0),
        torch.ones(2, 3, h, w),
        logits,
        torch.full((2, 3, h, w), 0.1),
    )
    doubt = cues_of(maps, FOCAL)["class_doubt"]
    likeliest = logits[..., ::2, ::2].float().softmax(1).amax(1, keepdim=True)
    torch.testing.assert_close(doubt, (1.01 - likeliest).log(), rtol=1e-5, atol=1e-5)
