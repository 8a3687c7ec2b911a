# SPDX-License-Identifier: Apache-2.0
"""Rays hit the same whichever library casts them."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from tips_ros.errors import UserError
from training.scenes.light import rays as casting
from training.scenes.light.mesh import mesh
from training.scenes.light.rays import Rays, _Embreex, _Open3D
from training.scenes.scene import random_scene

CASTERS = [
    pytest.param(_Open3D, marks=pytest.mark.skipif(
        not find_spec("open3d"), reason="Open3D is not installed")),
    pytest.param(_Embreex, marks=pytest.mark.skipif(
        not find_spec("embreex"), reason="embreex is not installed")),
]  # fmt: skip

# A square of two triangles one metre up, and a small one above it.
POINTS = np.array([(0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1),
                   (0.4, 0.4, 2), (0.6, 0.4, 2), (0.4, 0.6, 2)], np.float32)  # fmt: skip
CORNERS = np.array([(0, 1, 2), (0, 2, 3), (4, 5, 6)])


@pytest.mark.parametrize("caster", CASTERS)
def test_a_ray_tells_what_it_hits_where_and_from_which_side(caster: type) -> None:
    rays = caster(POINTS, CORNERS)
    origins = np.array([(0.75, 0.25, 0), (0.25, 0.75, 0), (3, 3, 0), (0.45, 0.45, 3)])
    ways = np.array([(0, 0, 2), (0, 0, 1), (0, 0, 1), (0, 0, -1.0)])
    hits = rays.first(origins, ways)
    assert hits.distance.tolist() == pytest.approx([0.5, 1, np.inf, 1])
    assert hits.triangle.tolist() == [0, 1, -1, 2] and hits.triangle.dtype == np.int64
    weights = np.column_stack([1 - hits.weights.sum(axis=1), hits.weights])
    for ray in (0, 1, 3):
        at = weights[ray] @ POINTS[CORNERS[hits.triangle[ray]]]
        np.testing.assert_allclose(at, origins[ray] + hits.distance[ray] * ways[ray], atol=1e-6)
        assert abs(hits.normals[ray]) == pytest.approx((0, 0, 1))


@pytest.mark.parametrize("caster", CASTERS)
def test_only_what_lies_before_the_end_of_a_ray_blocks_it(caster: type) -> None:
    rays = caster(POINTS, CORNERS)
    ends = np.array([(0, 0, 0.9), (0, 0, 1.0), (0, 0, 1.2), (0, 0, -5)])
    origins = np.tile([(0.75, 0.25, 0)], (4, 1))
    assert rays.blocked(origins, ends).tolist() == [False, False, True, False]
    assert len(rays.blocked(origins[:0], ends[:0])) == 0
    assert len(rays.first(origins[:0], ends[:0]).distance) == 0


@pytest.mark.parametrize("caster", CASTERS)
def test_the_nearest_surface_may_be_a_face_an_edge_or_a_corner(caster: type) -> None:
    rays = caster(POINTS, CORNERS)
    for point, expected in (((0.8, 0.3, 0.7), 0.3), ((1.3, 0.5, 1.4), 0.5),
                            ((-3, -4, 1), 5), ((0.45, 0.45, 2.1), 0.1)):  # fmt: skip
        assert rays.nearest(np.array(point)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.skipif(
    not (find_spec("open3d") and find_spec("embreex")),
    reason="both libraries are needed to compare them: pip install open3d embreex",
)
def test_both_hit_the_same_in_a_furnished_room() -> None:
    scene = random_scene(12)
    room = mesh(scene.things, 0.3)
    rng = np.random.default_rng(0)
    origins = rng.uniform((0.1, 0.1, 0.1), (scene.plan.length - 0.1, scene.plan.width - 0.1, 2), (
        20_000, 3)).astype(np.float32)  # fmt: skip
    ways = rng.normal(size=origins.shape).astype(np.float32)
    one, other = (caster(room.points, room.corners) for caster in (_Open3D, _Embreex))
    a, b = one.first(origins, ways), other.first(origins, ways)
    np.testing.assert_array_equal(a.triangle < 0, b.triangle < 0)
    hit = a.triangle >= 0
    np.testing.assert_allclose(a.distance[hit], b.distance[hit], rtol=1e-5, atol=1e-5)
    same = a.triangle == b.triangle  # the others lie on one another, or the ray meets their edge
    assert same.mean() > 0.995
    np.testing.assert_allclose(a.weights[same & hit], b.weights[same & hit], atol=2e-3)
    np.testing.assert_allclose(a.normals[same & hit], b.normals[same & hit], atol=1e-4)
    assert (one.blocked(origins, ways) == other.blocked(origins, ways)).mean() > 0.9995
    for point in origins[:40]:
        assert other.nearest(point) == pytest.approx(one.nearest(point), abs=1e-5)


def test_without_both_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    casting._library.cache_clear()
    for name in ("open3d", "embreex"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError, match="pip install open3d"):
        casting.check_installed()
    with pytest.raises(UserError, match="needs Open3D or embreex"):
        Rays(POINTS, CORNERS)


@pytest.mark.skipif(not find_spec("embreex"), reason="embreex is not installed")
def test_a_room_is_rendered_with_little_more_than_numpy() -> None:
    """A process as on a machine for training: no Open3D, nor what only nodes and drawing need."""
    program = """
import sys
for name in ("open3d", "matplotlib", "PIL", "sentencepiece", "onnxruntime", "rclpy",
             "openvino", "pandas", "skimage"):
    sys.modules[name] = None
import training.train
import training.render_beside
from training.render_frames import scene_frames
assert scene_frames(4001, 1)[0].rgb.std() > 5
"""
    subprocess.run([sys.executable, "-c", program], check=True)
