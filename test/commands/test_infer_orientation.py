# SPDX-License-Identifier: Apache-2.0
"""A phone's photo is seen upright, its outputs are upright, and one line says so."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from .conftest import SMALL, infer, refusal

HEIGHT, WIDTH = 56, 84
# Of a picture that is to be seen upright, what a file with each tag holds.
STORED = {
    1: lambda rgb: rgb,
    2: np.fliplr,
    3: lambda rgb: np.rot90(rgb, 2),
    4: np.flipud,
    5: lambda rgb: rgb.swapaxes(0, 1),
    6: lambda rgb: np.rot90(rgb, 1),
    7: lambda rgb: np.rot90(rgb, 2).swapaxes(0, 1),
    8: lambda rgb: np.rot90(rgb, -1),
}
NAMES = ("depth.npy", "normals.npy", "semantic.npy", "confidence.npy")


def scene() -> np.ndarray:
    """(H, W, 3): no two turns of it are alike."""
    v, u = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([u * 3, v * 4, (u * v) % 200], axis=-1).astype(np.uint8)


def tagged(path: Path, rgb: np.ndarray, tag: int) -> Path:
    """Writes the upright picture as a camera would that is held as the tag says."""
    exif = Image.Exif()
    exif[0x0112] = tag
    Image.fromarray(np.ascontiguousarray(STORED[tag](rgb))).save(path, exif=exif, quality=95)
    return path


def calibration(path: Path, width: int, height: int) -> Path:
    path.write_text(
        f"image_width: {width}\nimage_height: {height}\n"
        "camera_matrix: {rows: 3, cols: 3, "
        f"data: [70, 0, {width / 2}, 0, 70, {height / 2}, 0, 0, 1]}}\n"
        "distortion_model: plumb_bob\n"
        "distortion_coefficients: {rows: 1, cols: 5, data: [-0.1, 0, 0, 0, 0]}\n"
    )
    return path


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """The lines about the upright picture."""
    folder = tmp_path_factory.mktemp("upright")
    path = tagged(folder / "upright.png", scene(), 1)
    assert infer(path, "--hfov-deg", "60", "--output", folder, *SMALL) == 0
    arrays = {name: np.load(folder / name) for name in NAMES}
    return arrays | {"points.ply": np.frombuffer((folder / "points.ply").read_bytes(), np.uint8)}


@pytest.mark.parametrize("tag", range(2, 9))
def test_the_outputs_are_those_of_the_upright_picture(
    tag: int, plain: dict[str, np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tagged(tmp_path / "phone.png", scene(), tag)
    assert infer(path, "--hfov-deg", "60", "--output", tmp_path / "out", *SMALL) == 0
    for name in NAMES:
        np.testing.assert_array_equal(np.load(tmp_path / "out" / name), plain[name])
    assert (tmp_path / "out" / "points.ply").read_bytes() == plain["points.ply"].tobytes()
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "Exif" in line)
    assert line.startswith("phone.png: ") and f"Exif orientation {tag} says" in line


def test_a_photo_that_is_marked_upright_says_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert infer(tagged(tmp_path / "p.jpg", scene(), 1), "--output", tmp_path / "out", *SMALL) == 0
    assert "Exif" not in capsys.readouterr().out


def test_a_portrait_jpeg_becomes_a_portrait(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    portrait = np.ascontiguousarray(scene().swapaxes(0, 1))
    path = tagged(tmp_path / "portrait.jpg", portrait, 6)
    assert cv2.imread(str(path), cv2.IMREAD_UNCHANGED).shape[:2] == (HEIGHT, WIDTH)
    assert infer(path, "--output", tmp_path / "out", *SMALL) == 0
    assert np.load(tmp_path / "out" / "depth.npy").shape == (WIDTH, HEIGHT)
    assert "turned by 90 degrees clockwise" in capsys.readouterr().out


def test_whoever_names_a_rotation_has_the_picture_as_stored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tagged(tmp_path / "p.png", scene(), 6)
    assert infer(path, "--rotation-deg", "90", "--output", tmp_path / "out", *SMALL) == 0
    assert np.load(tmp_path / "out" / "depth.npy").shape == (WIDTH, HEIGHT)  # as stored
    assert "Exif orientation 6 is ignored" in capsys.readouterr().out


def test_a_calibration_of_the_upright_picture_is_used_for_it(tmp_path: Path):
    path = tagged(tmp_path / "p.png", scene(), 8)
    camera = calibration(tmp_path / "camera.yaml", WIDTH, HEIGHT)
    assert infer(path, "--camera-info", camera, "--output", tmp_path / "out", *SMALL) == 0
    assert np.load(tmp_path / "out" / "depth.npy").shape == (HEIGHT, WIDTH)


@pytest.mark.parametrize(("tag", "turn"), [(6, 90), (8, 270)])
def test_a_calibration_of_the_stored_picture_keeps_the_outputs_as_stored(
    tag: int, turn: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    camera = calibration(tmp_path / "camera.yaml", HEIGHT, WIDTH)
    path = tagged(tmp_path / "p.png", scene(), tag)
    assert infer(path, "--camera-info", camera, "--output", tmp_path / "tag", *SMALL) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "Exif" in line)
    assert "the calibration is of the picture as stored" in line
    cv2.imwrite(str(tmp_path / "bare.png"), STORED[tag](scene())[..., ::-1])
    told = ["--rotation-deg", turn, "--camera-info", camera, "--output", tmp_path / "told"]
    assert infer(tmp_path / "bare.png", *told, *SMALL) == 0
    for name in (*NAMES, "points.ply"):
        assert (tmp_path / "tag" / name).read_bytes() == (tmp_path / "told" / name).read_bytes()


def test_a_calibration_that_fits_neither_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tagged(tmp_path / "p.png", scene(), 6)
    camera = calibration(tmp_path / "camera.yaml", 100, 100)
    line = refusal(capsys, path, "--camera-info", camera, "--output", tmp_path / "out", *SMALL)
    assert "another shape" in line
