# SPDX-License-Identifier: Apache-2.0
"""Ids stay in a cloud by the names of their classes."""

from __future__ import annotations

import pytest

from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.cloud.kept_classes import select_classes

CLASSES = ClassList(("wall", "floor", "coffee cup"), (0, 3, 7))


def ids(*names: tuple[str, ...], **chosen: list[str]) -> set[int]:
    keep = select_classes(CLASSES, **chosen).keep
    assert keep is not None and keep.shape == (256,)
    return {int(i) for i in keep.nonzero()[0]} & {0, 3, 7, 255}


def test_nothing_chosen_cuts_nothing():
    assert select_classes(CLASSES) == (None, ())
    assert select_classes(CLASSES, [""], ["", " "]) == (None, ())


def test_include_keeps_what_it_names_and_no_more():
    assert ids(include=["floor"]) == {3}
    assert ids(include=["floor", "wall"]) == {0, 3}


def test_exclude_cuts_what_it_names_and_no_more():
    assert ids(exclude=["floor"]) == {0, 7, 255}
    assert ids(include=["floor", "wall"], exclude=["floor"]) == {0}


def test_names_are_compared_as_in_class_lists():
    assert ids(include=[" Coffee CUP "]) == {7}


def test_unlabelled_can_be_named():
    assert ids(include=["wall", "unlabelled"]) == {0, 255}
    assert ids(exclude=["Unlabelled"]) == {0, 3, 7}


def test_names_that_no_class_has_now_are_told_and_change_nothing():
    assert select_classes(CLASSES, [], ["person"]) == (None, ("person",))
    assert select_classes(CLASSES, ["wall", "door"], ["door", "cat"]).unknown == ("door", "cat")
    assert ids(include=["wall", "door"]) == {0}


def test_only_what_is_not_there_keeps_nothing():
    """`only doors` where there are none is an empty cloud, not a full one."""
    assert ids(include=["door"]) == set()


@pytest.mark.parametrize("name", ["unlabelled", "UNLABELLED"])
def test_a_class_of_that_name_is_meant_as_well(name: str):
    keep = select_classes(ClassList((name, "wall")), [], ["unlabelled"]).keep
    assert keep is not None
    assert not keep[0] and keep[1] and not keep[255]
