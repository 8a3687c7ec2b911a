# SPDX-License-Identifier: Apache-2.0
"""The sheet shows what there is, says what there is not, and never sells an untrained model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tips_ros.perception.camera.camera_info import Intrinsics
from tips_ros.perception.cloud.point_cloud import organised_cloud
from tips_ros.perception.overview.class_shares import draw_class_shares
from tips_ros.perception.overview.page import Box, Page, shorten
from tips_ros.perception.overview.sheet import overview, resize_picture

ACCENT = (255, 186, 51)


def frame() -> dict[str, Any]:
    rng = np.random.default_rng(4)
    depth_m = np.linspace(1, 4, 60 * 80, dtype=np.float32).reshape(60, 80)
    normals = np.zeros((60, 80, 3), np.float32)
    normals[..., 2] = -1
    rgb = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    labels = np.repeat(np.arange(60, dtype=np.uint8)[:, None] // 20, 80, axis=1)
    palette = np.zeros((256, 3), np.uint8)
    palette[:3] = [[200, 30, 30], [30, 200, 30], [30, 30, 200]]
    return {
        "rgb": rgb,
        "depth_m": depth_m,
        "normals": normals,
        "labels": labels,
        "palette": palette,
        "class_names": {0: "wall", 1: "floor", 2: "lamp"},
        "cloud": organised_cloud(depth_m, Intrinsics.from_hfov(60, 80, 60), rgb, labels, normals),
    }


def warning_pixels(sheet: np.ndarray) -> int:
    return int((sheet == ACCENT).all(axis=2).sum())


@pytest.mark.slow
def test_an_untrained_model_is_named_in_a_banner_across_the_sheet():
    sheet = overview(**frame(), title_lines=["a frame"], trained=False, width=960)
    rows = (sheet == ACCENT).all(axis=2).sum(axis=1)
    assert (rows > 0.9 * 900).sum() > 10
    assert warning_pixels(sheet) > 900 * 20 + 5 * 400  # and a tag on each prediction


def test_a_trained_model_carries_no_warning():
    assert warning_pixels(overview(**frame(), trained=True, width=960)) == 0


@pytest.mark.slow
@pytest.mark.parametrize("size", [(60, 80), (30, 40), (200, 120), (33, 200)])
def test_the_sheet_has_the_asked_width_for_any_image_shape(size: tuple[int, int]):
    rgb = np.zeros((*size, 3), np.uint8)
    sheet = overview(**(frame() | {"rgb": rgb}), width=1000, footer="a line")
    assert sheet.shape[1:] == (1000, 3) and sheet.dtype == np.uint8


@pytest.mark.slow
def test_what_was_not_computed_is_left_out():
    full = frame()
    rgb = full.pop("rgb")
    alone = overview(rgb, width=960)
    for name in ("depth_m", "normals", "cloud"):
        some = overview(rgb, **{name: full[name]}, width=960)
        assert some.shape == alone.shape and (some != alone).any()


def test_a_cloud_without_any_point_is_still_a_sheet():
    empty = frame()["cloud"].copy()
    empty["z"] = np.nan
    overview(**(frame() | {"cloud": empty, "depth_m": np.full((60, 80), np.nan, np.float32)}))


def test_a_very_long_title_and_names_do_not_break_the_sheet():
    long = "a very long name " * 30
    texts = {
        "title_lines": [long, long],
        "footer": long,
        "class_names": {0: long, 1: "", 2: "lamp"},
    }
    assert overview(**(frame() | texts), width=480).shape[1] == 480


def test_labels_without_a_palette_are_refused():
    with pytest.raises(ValueError, match="palette"):
        overview(**(frame() | {"palette": None}))


def test_a_sheet_too_narrow_to_read_is_refused():
    with pytest.raises(ValueError, match="480"):
        overview(**frame(), width=300)


def shares(
    labels: np.ndarray, palette: np.ndarray, names: dict[int, str], size: Any = (300, 200)
) -> np.ndarray:
    """The picture of the classes' shares alone."""
    page = Page(*size)
    draw_class_shares(page.axes(Box(0, 0, *size)), labels, palette, names)
    return page.picture()


def test_the_largest_class_comes_first():
    labels = np.zeros((10, 10), np.uint8)
    labels[:7] = 1
    palette = frame()["palette"]
    drawn = shares(labels, palette, {0: "wall", 1: "floor"})
    first_rows = [np.flatnonzero((drawn == palette[i]).all(axis=2).any(axis=1))[0] for i in (1, 0)]
    assert first_rows[0] < first_rows[1]


def test_more_classes_than_fit_are_summed_up_not_cut_off():
    labels, palette = np.arange(256, dtype=np.uint8).reshape(16, 16), np.full((256, 3), 200)
    few, many = (shares(labels[:rows], palette, {}, (300, 120)) for rows in (1, 16))
    assert many.shape == (120, 300, 3) and (many[90:] != few[90:]).any()


def test_a_class_is_named_by_its_id():
    labels, palette = np.full((4, 4), 7, np.uint8), np.full((256, 3), 200, np.uint8)
    named = shares(labels, palette, {0: "wall", 7: "bed"})
    same = shares(np.zeros_like(labels), palette, {0: "bed"})
    np.testing.assert_array_equal(named, same)
    assert (named != shares(labels, palette, {1: "bed"})).any()


def test_a_growing_picture_keeps_its_pixels():
    small = np.random.default_rng(0).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    np.testing.assert_array_equal(resize_picture(small, 8, 6)[::2, ::2], small)


def test_shortened_text_says_that_it_was_shortened():
    assert shorten("chest of drawers in the corner", 90) == "chest o..."
    assert shorten("lamp", 90) == "lamp"


@pytest.mark.slow
def test_an_empty_panel_says_why_when_the_reason_is_given():
    some = {name: value for name, value in frame().items() if name != "cloud"}
    without = overview(**some, width=960)
    with_reason = overview(**some, width=960, reasons={"Cloud from above": "no CameraInfo"})
    assert (with_reason != without).any()
    # A panel that is not empty has nothing to explain.
    assert (overview(**some, width=960, reasons={"Depth": "too dark"}) == without).all()


@pytest.mark.slow
def test_how_unsure_depth_is_stands_beside_it():
    some = frame()
    depth_m = some["depth_m"]
    without = overview(**some, width=1200)
    sheets = [
        overview(**some, width=1200, stddev_m=depth_m * np.float32(share)) for share in (0.05, 0.4)
    ]
    assert (sheets[0] != sheets[1]).any() and sheets[0].shape[1] == without.shape[1] == 1200
    alone = overview(some["rgb"], width=1200)
    nothing_to_stand_beside = overview(some["rgb"], width=1200, stddev_m=depth_m)
    np.testing.assert_array_equal(nothing_to_stand_beside, alone)
    told = overview(**some, width=1200, stddev_m=depth_m, stddev_caution="uncalibrated")
    assert warning_pixels(told) > 400


@pytest.mark.slow
def test_cautions_are_written_in_the_accent_s_colour():
    def accented(**options: str) -> int:
        rgb, depth_m = np.zeros((48, 64, 3), np.uint8), np.ones((48, 64), np.float32)
        sheet = overview(rgb, depth_m, title_lines=["a picture"], **options)
        return int((sheet == ACCENT).all(axis=2).sum())

    assert accented() == 0
    assert accented(caution="demo model: knows rendered rooms only") > 50
    assert accented(depth_caution="not metric: lens unknown") > 1000


@pytest.mark.slow
def test_what_was_asked_for_is_in_the_legend_although_no_pixel_has_it():
    labels, palette = np.zeros((10, 10), np.uint8), frame()["palette"]
    names = {0: "wall", 1: "floor", 2: "lamp"}

    def colored(asked_for: tuple[int, ...]) -> list[bool]:
        page = Page(300, 200)
        draw_class_shares(page.axes(Box(0, 0, 300, 200)), labels, palette, names, asked_for)
        drawn = page.picture()
        return [bool((drawn == palette[i]).all(axis=2).any()) for i in range(3)]

    assert colored(()) == [True, False, False]
    assert colored((0, 2)) == [True, False, True]
    some = frame() | {"labels": labels}
    assert (overview(**some, asked_for=(0, 1, 2)) != overview(**some)).any()
