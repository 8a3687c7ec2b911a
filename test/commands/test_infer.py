# SPDX-License-Identifier: Apache-2.0
"""`tips_ros infer`: any picture in, named files out, and one line for every mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tips_ros.model.tips import Tips
from tips_ros.offline.pictures.ground_files import GROUND_NAMES
from tips_ros.perception.classes.class_files import ade20k
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.description import ModelDescription
from tips_ros.perception.predictor import Predictor

from .conftest import CALIBRATION, SMALL, infer, refusal

SIZE = (28, 42)  # of the pictures


def picture(tmp_path: Path, name: str = "picture.png", array: Any = None) -> Path:
    if array is None:
        array = np.random.RandomState(6).randint(0, 256, (*SIZE, 3)).astype(np.uint8)
    path = tmp_path / name
    assert cv2.imwrite(str(path), array)
    return path


def vertices(path: Path) -> int:
    header = path.read_bytes().split(b"end_header")[0].decode()
    return int(header.split("element vertex ")[1].split()[0])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("infer")
    out = folder / "not there" / "yet"
    assert infer(picture(folder), "--hfov-deg", 60, "--output", out, *SMALL) == 0
    return out


class TestTheFiles:
    def test_are_these(self, out: Path):
        assert {path.name for path in out.iterdir()} == {
            *("depth.npy", "normals.npy", "semantic.npy", "confidence.npy"),
            *("classes.json", "points.ply", "overview.png", "depth_stddev.npy"),
            *("ground.json", "obstacles.jpg"),
        }

    def test_hold_the_deviation_of_the_depth_in_metres(self, out: Path):
        stddev_m = np.load(out / "depth_stddev.npy", allow_pickle=False)
        assert stddev_m.shape == SIZE and stddev_m.dtype == np.float32
        assert (stddev_m > 0).all()

    def test_hold_depth_in_metres(self, out: Path):
        depth_m = np.load(out / "depth.npy", allow_pickle=False)
        assert depth_m.shape == SIZE and depth_m.dtype == np.float32
        assert 0 < depth_m.min() <= depth_m.max() <= 10

    def test_hold_unit_normals(self, out: Path):
        normals = np.load(out / "normals.npy", allow_pickle=False)
        assert normals.shape == (*SIZE, 3) and normals.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(normals, axis=2), 1, atol=1e-5)

    def test_hold_class_ids_with_their_names_and_colours(self, out: Path):
        ids = np.load(out / "semantic.npy", allow_pickle=False)
        confidence = np.load(out / "confidence.npy", allow_pickle=False)
        assert ids.shape == confidence.shape == SIZE
        assert ids.dtype == confidence.dtype == np.uint8
        table = json.loads((out / "classes.json").read_text())
        assert table["model"] == "demo" and table["unlabelled"] == 255
        names = {entry["id"]: entry["name"] for entry in table["classes"]}
        assert len(names) == 23 and names[0] == "wall" and names[19] == "chair"
        assert set(np.unique(ids).tolist()) <= set(names)
        assert all(len(entry["color"]) == 3 for entry in table["classes"])

    def test_say_nothing_of_random_weights(self, out: Path):
        table = json.loads((out / "classes.json").read_text())
        assert table["trained"] is True and "warning" not in table

    def test_hold_one_point_for_each_pixel(self, out: Path):
        assert vertices(out / "points.ply") == SIZE[0] * SIZE[1]

    def test_hold_a_picture_for_people(self, out: Path):
        sheet = cv2.imread(str(out / "overview.png"))
        assert sheet is not None and sheet.shape[1] == 1600


@pytest.mark.quick
def test_every_file_has_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    infer(picture(tmp_path), "--output", tmp_path / "out", *SMALL)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "picture.png (42x28), model demo"
    for path in (tmp_path / "out").iterdir():
        assert len([line for line in lines if f"{path}: " in line]) == 1


def test_random_weights_are_told_in_every_line_and_in_the_class_table(
    tmp_path: Path, untrained: Path, capsys: pytest.CaptureFixture[str]
):
    infer(picture(tmp_path), "--model", untrained, "--output", tmp_path / "out", *SMALL)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("UNTRAINED")
    for path in (tmp_path / "out").iterdir():
        [line] = [line for line in lines if f"{path}: " in line]
        assert line.endswith("(untrained)")
    table = json.loads((tmp_path / "out" / "classes.json").read_text())
    assert table["trained"] is False and "untrained" in table["warning"]


def test_files_hold_the_ids_that_the_model_gives_its_classes(
    tmp_path: Path, sparse_ids: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "out"
    infer(picture(tmp_path), "--model", sparse_ids, "--hfov-deg", 60, "--output", out, *SMALL)
    table = json.loads((out / "classes.json").read_text())
    palette = ClassList(("wall", "floor", "bed"), (0, 3, 7)).palette()
    assert table["classes"] == [
        {"id": i, "name": name, "color": palette[i].tolist()}
        for i, name in ((0, "wall"), (3, "floor"), (7, "bed"))
    ]
    ids = np.load(out / "semantic.npy")
    counts = {i: int((ids == i).sum()) for i in (0, 3, 7)}
    assert sum(counts.values()) == ids.size and counts[3] + counts[7] > 0
    np.testing.assert_array_equal(vertex_fields(out / "points.ply")["label"], ids.ravel())
    [line] = [line for line in capsys.readouterr().out.splitlines() if "semantic.npy: " in line]
    largest = {0: "wall", 3: "floor", 7: "bed"}[max(counts, key=lambda i: counts[i])]
    assert f"class ids: {largest} " in line


def test_without_a_camera_there_is_no_cloud_and_none_of_an_earlier_picture(tmp_path: Path):
    out, image = tmp_path / "out", picture(tmp_path)
    infer(image, "--hfov-deg", 60, "--output", out, *SMALL)
    (out / "mine.txt").write_text("stays")
    infer(image, "--output", out, "--overwrite", *SMALL)
    assert not (out / "points.ply").exists()
    assert (out / "depth.npy").exists() and (out / "mine.txt").exists()


def test_outputs_can_be_smaller_than_the_picture(tmp_path: Path):
    out = tmp_path / "out"
    infer(picture(tmp_path), "--scale", 0.5, "--hfov-deg", 60, "--output", out, *SMALL)
    assert np.load(out / "depth.npy").shape == (14, 21)
    assert np.load(out / "semantic.npy").shape == (14, 21)
    assert vertices(out / "points.ply") == 14 * 21


def test_the_cloud_can_be_thinned(tmp_path: Path):
    out = tmp_path / "out"
    infer(
        picture(tmp_path), "--hfov-deg", 60, "--voxel-m", 1.0, "--outlier-neighbors", 5,
        "--output", out, *SMALL,
    )  # fmt: skip
    assert 0 < vertices(out / "points.ply") < SIZE[0] * SIZE[1]


def vertex_fields(path: Path) -> np.ndarray:
    """The points of a .ply that the command wrote, by field."""
    fields = [(name, "<f4") for name in ("x", "y", "z", "nx", "ny", "nz")]
    layout = np.dtype([*fields, ("rgb", "u1", 3), ("label", "<i4")])
    data = path.read_bytes().split(b"end_header\n", 1)[1]
    return np.frombuffer(data, layout)


def points(path: Path) -> np.ndarray:
    """(N, 3) of a .ply that the command wrote."""
    vertex = vertex_fields(path)
    return np.stack([vertex["x"], vertex["y"], vertex["z"]], axis=1)


def test_a_calibration_file_is_scaled_to_the_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """The file is for 84×56 pixels, the picture is half that: f = 35, c = (20.5, 13.5)."""
    (tmp_path / "camera.yaml").write_text(CALIBRATION)
    out = tmp_path / "out"
    infer(picture(tmp_path), "--camera-info", tmp_path / "camera.yaml", "--output", out, *SMALL)
    assert "distortion" not in capsys.readouterr().out
    z = np.load(out / "depth.npy")
    v, u = np.mgrid[: SIZE[0], : SIZE[1]]
    expected = np.stack([(u - 20.5) / 35 * z, (v - 13.5) / 35 * z, z], axis=-1)
    np.testing.assert_allclose(points(out / "points.ply"), expected.reshape(-1, 3), rtol=1e-5)


def test_points_of_a_raw_picture_lie_along_the_rays_of_its_lens(tmp_path: Path):
    camera = tmp_path / "camera.yaml"
    camera.write_text(CALIBRATION.replace("data: [0, 0, 0, 0, 0]", "data: [-0.3, 0.1, 0, 0, 0]"))
    out = tmp_path / "out"
    infer(picture(tmp_path), "--camera-info", camera, "--output", out, *SMALL)
    z = np.load(out / "depth.npy")
    k = np.array([[35, 0, 20.5], [0, 35, 13.5], [0, 0, 1]])
    found = points(out / "points.ply")
    seen, _ = cv2.projectPoints(
        found.astype(float), np.zeros(3), np.zeros(3), k, np.array([-0.3, 0.1, 0, 0, 0.0])
    )
    v, u = np.mgrid[: SIZE[0], : SIZE[1]]
    np.testing.assert_allclose(seen.reshape(*SIZE, 2), np.stack([u, v], -1), atol=1e-3)
    np.testing.assert_allclose(found[:, 2], z.ravel(), rtol=1e-6)


@pytest.fixture
def partial_model(tiny_tips: Tips, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the command load the small model with only these heads."""

    def use(*heads: str) -> None:
        parts: Any = {name: getattr(tiny_tips, name) for name in heads}
        names = ade20k()
        predictor = Predictor(
            Tips(tiny_tips.backbone, (0, 1, 2, 3), **parts),
            ModelDescription("tiny", "tiny", (56, 56), names, tiny_tips.backbone.config),
        )
        monkeypatch.setattr("tips_ros.commands.infer.load_predictor", lambda *_, **__: predictor)

    return use


@pytest.mark.parametrize(
    ("heads", "files"),
    [
        (
            ["depth"],
            {"depth.npy", "depth_stddev.npy", "points.ply", "overview.png", *GROUND_NAMES},
        ),
        (["normals"], {"normals.npy", "overview.png"}),
        (
            ["segmentation"],
            {"semantic.npy", "confidence.npy", "classes.json", "overview.png"},
        ),
    ],
)
def test_a_model_without_some_heads_writes_what_it_has(
    tmp_path: Path, partial_model: Any, capsys: Any, heads: list[str], files: set[str]
):
    partial_model(*heads)
    out = tmp_path / "out"
    assert infer(picture(tmp_path), "--hfov-deg", "60", "--output", out) == 0
    assert {path.name for path in out.iterdir()} == files
    told = capsys.readouterr().out
    assert ("no points.ply: model demo has no depth head" in told) == (heads != ["depth"])
    assert "UNTRAINED" not in told and "untrained" not in told


def test_a_model_without_any_head_has_nothing_to_write(
    tmp_path: Path, partial_model: Any, capsys: Any
):
    partial_model()
    line = refusal(capsys, picture(tmp_path), "--output", tmp_path / "out")
    assert "has no heads, so there is nothing to write" in line
    assert not (tmp_path / "out").exists()
