# SPDX-License-Identifier: Apache-2.0
"""Class lists: what is accepted, and colours one can rely on."""

from __future__ import annotations

import os
import random
from pathlib import Path

import cv2
import numpy as np
import pytest

from tips_ros.perception.classes.class_files import (
    ade20k,
    load_class_list,
    read_lines,
    shipped_lists,
)
from tips_ros.perception.classes.class_list import UNLABELLED_RGB, ClassList, class_list
from tips_ros.perception.language.prompts import parse_prompts
from tips_ros.perception.loading.load import load_model

WALL = [165, 0, 195]


def color(classes: ClassList, name: str) -> list[int]:
    return [int(channel) for channel in classes.palette()[classes.names.index(name)]]


def test_ade20k_has_its_150_classes_in_its_order():
    names = ade20k().names
    assert len(names) == 150
    assert names[:4] == ("wall", "building", "sky", "floor")
    assert (names[12], names[149]) == ("person", "flag")


def test_every_ade20k_class_has_a_colour_of_its_own():
    colors = ade20k().palette()[:150].astype(int)
    apart = np.abs(colors[:, None] - colors[None]).max(axis=2) + 255 * np.eye(150, dtype=int)
    assert apart.min() >= 15


def test_ids_without_a_class_and_unlabelled_are_black():
    colors = class_list(["floor", "person"]).palette()
    assert colors.shape == (256, 3) and colors.dtype == np.uint8
    assert colors[:2].any(axis=1).all() and not colors[2:].any()


def test_a_class_has_the_id_it_is_given():
    classes = class_list(["wall", "floor", "bed"], [0, 3, 7])
    assert classes.ids == (0, 3, 7) and not classes.ids_are_positions
    assert classes.by_id() == {0: "wall", 3: "floor", 7: "bed"}
    assert classes.name_of(3) == "floor"
    with pytest.raises(ValueError, match="no class has the id 1"):
        classes.name_of(1)


def test_ids_that_nobody_gave_are_the_positions():
    classes = class_list(["wall", "floor"])
    assert classes.ids == (0, 1) and classes.ids_are_positions
    assert classes == ClassList(("wall", "floor"), (0, 1))


def test_ids_may_come_in_any_order():
    classes = class_list(["wall", "floor"], [1, 0])
    assert not classes.ids_are_positions and classes.name_of(0) == "floor"


def test_the_palette_goes_by_id_and_the_colour_by_name():
    colors = class_list(["wall", "floor", "bed"], [0, 3, 254]).palette()
    in_order = class_list(["wall", "floor", "bed"]).palette()
    np.testing.assert_array_equal(colors[[0, 3, 254]], in_order[:3])
    assert np.flatnonzero(colors.any(axis=1)).tolist() == [0, 3, 254]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ((0, 3), "2 ids for 3 classes"),
        ((0, 3, 3), "id 3 stands for 'floor' and for 'bed'"),
        ((0, 3, -1), "class 'bed' has the id -1; ids are 0 to 254"),
        ((0, 3, 255), "class 'bed' has the id 255; ids are 0 to 254"),
        ((0, True, 7), "has the id True"),
        ((0, 1.5, 7), "has the id 1.5"),
    ],
)
def test_ids_that_a_label_map_cannot_hold_are_refused(ids: tuple[int, ...], message: str):
    with pytest.raises(ValueError, match=message):
        ClassList(("wall", "floor", "bed"), ids)


def test_a_name_keeps_its_colour_wherever_it_stands():
    one, other = class_list(["floor", "person"]), class_list(["lamp", "person", "floor"])
    for name in ("floor", "person"):
        assert color(one, name) == color(other, name)
    assert color(one, "floor") == color(class_list(["Floor"]), "Floor")


def test_colours_are_the_same_on_every_machine():
    """A recorded mask is coloured by another process later; these values must not drift."""
    assert color(class_list(["wall"]), "wall") == WALL
    assert color(ade20k(), "wall") == WALL


def lab_gaps(colors: np.ndarray) -> np.ndarray:
    """(N, 3) uint8 RGB → the CIE Lab distances of all pairs, by OpenCV."""
    lab = cv2.cvtColor(colors[None].astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[0]
    return np.linalg.norm(lab[:, None] - lab[None], axis=2)[~np.eye(len(lab), dtype=bool)]


@pytest.mark.parametrize("count", [2, 3, 6, 12])
@pytest.mark.parametrize("seed", range(20))
def test_the_first_dozen_colours_are_easily_told_apart_and_from_unlabelled(seed: int, count: int):
    names = random.Random(seed).sample(ade20k().names, count)
    colors = class_list(names).palette()[:count]
    assert lab_gaps(np.vstack([colors, [UNLABELLED_RGB]])).min() > 33


def test_no_class_of_a_long_list_looks_unlabelled():
    colors = class_list(f"thing {i}" for i in range(255)).palette()[:255]
    lab = lab_gaps(np.vstack([colors, [UNLABELLED_RGB]])).reshape(256, 255)
    assert lab[-1].min() >= 23.5


def test_what_comes_later_in_a_list_changes_no_earlier_colour():
    names = [f"thing {i}" for i in range(40)]
    whole = class_list(names).palette()
    for count in (1, 5, 12, 13, 39):
        np.testing.assert_array_equal(class_list(names[:count]).palette()[:count], whole[:count])


def test_the_shared_palette_cannot_be_changed_by_a_user_of_it():
    with pytest.raises(ValueError, match="read-only"):
        class_list(["wall"]).palette()[0] = 0


def test_a_file_may_have_comments_blank_lines_and_windows_line_ends(tmp_path: Path):
    file = tmp_path / "classes.txt"
    file.write_bytes("\ufeff# my classes\r\nfloor\r\n\r\n  pool table \r\ncafé\r\n".encode())
    assert load_class_list(file).names == ("floor", "pool table", "café")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "at least one name"),
        (b"# only a comment\n", "at least one name"),
        (b"wall\nfloor\nWall\n", "'Wall' stands at 0 and at 2"),
        ("\n".join(f"class {i}" for i in range(256)).encode(), "256 classes.*255"),
        (b"\x89PNG\xff\xfe", "not UTF-8"),
    ],
)
def test_a_bad_file_is_refused_by_name_and_reason(tmp_path: Path, content: bytes, message: str):
    file = tmp_path / "classes.txt"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        load_class_list(file)
    assert "classes.txt" in str(caught.value)


def test_255_classes_are_accepted():
    assert len(class_list(f"class {i}" for i in range(255))) == 255


def test_an_empty_name_is_refused():
    with pytest.raises(ValueError, match="class 1 has an empty name"):
        class_list(["wall", "  "])


def test_a_missing_file_is_an_os_error(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        load_class_list(tmp_path / "none.txt")


@pytest.mark.parametrize("content", ["floor\n", "# only a comment\n\n", "seat: chair | stool"])
def test_the_lines_of_a_file_are_those_that_say_something(tmp_path: Path, content: str):
    file = tmp_path / "classes.txt"
    file.write_text(content)
    expected = [] if content.startswith("#") else [content.strip()]
    assert read_lines(file) == expected


def test_what_is_no_text_file_is_not_read(tmp_path: Path):
    pipe, large = tmp_path / "pipe", tmp_path / "large.txt"
    os.mkfifo(pipe)
    large.write_text("door\n" * 30_000)
    for path, message in ((pipe, "not a file"), (tmp_path, "not a file"), (large, "larger than")):
        with pytest.raises(ValueError, match=message) as caught:
            read_lines(path)
        assert str(path) in str(caught.value)


class TestTheListsThatComeAlong:
    READY = ("indoor_robot", "outdoor", "table_top")

    def test_are_known_by_name(self):
        assert set(shipped_lists()) == {"ade20k", *self.READY}

    @pytest.mark.parametrize("name", READY)
    def test_hold_a_dozen_classes_or_more_with_words_for_them(self, name: str):
        prompts = parse_prompts([f"@{name}"])
        assert 12 <= len(prompts.classes) <= 40
        assert len(prompts.all_words) > len(prompts.classes)

    @pytest.mark.parametrize("name", READY)
    def test_say_at_the_top_what_they_are_for(self, name: str):
        assert shipped_lists()[name].read_text().startswith("# What ")

    @pytest.mark.parametrize("name", sorted(shipped_lists()))
    def test_have_a_colour_for_each_class(self, name: str):
        classes = parse_prompts([f"@{name}"]).classes
        colors = classes.palette()[list(classes.ids)]
        assert len(np.unique(colors, axis=0)) == len(classes)

    def test_know_the_demo_model_s_own_words(self):
        words = set(parse_prompts(["@indoor_robot"]).all_words)
        assert set(load_model("demo").description.classes.names) <= words


@pytest.mark.parametrize(
    ("names", "ids"),
    [(("[" * 3000, "[" * 3000), ()), (("x" * 3000,), (255,)), (("x" * 3000, "y" * 3000), (1, 1))],
    ids=["twice", "of an id that is none", "of one id"],
)
def test_a_name_without_end_is_not_quoted_whole(names, ids):
    """Found by `./run fuzz`: a refusal is a sentence, whatever a file holds."""
    with pytest.raises(ValueError) as caught:
        ClassList(names, ids)
    assert len(str(caught.value)) < 300 and "…" in str(caught.value)
