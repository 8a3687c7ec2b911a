# SPDX-License-Identifier: Apache-2.0
"""Pictures that were drawn here say so, and stay pictures that everybody reads."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tips_ros.perception.images.compressed import decode_picture_file
from tips_ros.perception.images.drawn_picture import MARK, encode_drawn, is_drawn, make_mark

SOFTWARE = 0x131  # of Exif
RGB = np.random.RandomState(1).randint(0, 256, (40, 60, 3)).astype(np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_the_mark_changes_no_pixel_and_outlives_a_new_name(tmp_path: Path, suffix: str):
    data = encode_drawn(RGB, suffix)
    plain = cv2.imencode(suffix, cv2.cvtColor(RGB, cv2.COLOR_RGB2BGR))[1].tobytes()
    np.testing.assert_array_equal(decode_picture_file(data), decode_picture_file(plain))
    path = tmp_path / f"holiday{suffix}"
    path.write_bytes(data)
    with Image.open(path) as picture:
        picture.verify()
    assert is_drawn(path)
    path.write_bytes(plain)
    assert not is_drawn(path)


def test_other_programs_show_the_mark(tmp_path: Path):
    (tmp_path / "sheet.png").write_bytes(encode_drawn(RGB))
    (tmp_path / "sheet.jpg").write_bytes(encode_drawn(RGB, ".jpg"))
    with Image.open(tmp_path / "sheet.png") as png, Image.open(tmp_path / "sheet.jpg") as jpg:
        assert png.getexif()[SOFTWARE] == jpg.getexif()[SOFTWARE] == MARK


def test_a_moving_picture_has_it_as_exif(tmp_path: Path):
    frames = [Image.fromarray(np.roll(RGB, 9 * turn, axis=1)) for turn in range(20)]
    path = tmp_path / "clip.webp"
    frames[0].save(path, save_all=True, append_images=frames[1:], exif=make_mark())
    assert is_drawn(path)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_was_not_drawn_here(tmp_path: Path, content: bytes):
    (tmp_path / "file.png").write_bytes(content)
    assert not is_drawn(tmp_path / "file.png")
    assert not is_drawn(tmp_path)
    assert not is_drawn(tmp_path / "nothing.png")
