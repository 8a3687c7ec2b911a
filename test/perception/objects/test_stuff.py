# SPDX-License-Identifier: Apache-2.0
"""Things can be counted, stuff can't."""

import pytest

from tips_ros.perception.classes.class_files import ade20k, read_lines, shipped_lists
from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.objects.stuff import thing_classes


@pytest.mark.parametrize("name", ["ade20k", "indoor_robot", "outdoor", "table_top"])
def test_each_list_that_comes_with_the_package_has_things_and_most_have_stuff(name):
    names = [line.split(":")[0].strip() for line in read_lines(shipped_lists()[name])]
    is_thing = thing_classes(ClassList(tuple(names)))
    assert not is_thing[len(names) :].any()
    of = {called: bool(is_thing[position]) for position, called in enumerate(names)}
    assert sum(of.values()) > 10
    for stuff in {"wall", "floor", "ceiling", "sky", "road", "grass", "water", "rug"} & set(of):
        assert not of[stuff], stuff
    for thing in {"chair", "person", "cup", "bottle", "car", "door", "box", "table"} & set(of):
        assert of[thing], thing


def test_ids_are_those_of_the_label_map():
    classes = ClassList(("Floor, flooring", "cup", "WALL "), (7, 254, 0))
    assert thing_classes(classes).nonzero()[0].tolist() == [254]
    assert not thing_classes(classes)[255], "unlabelled"


def test_whoever_names_stuff_decides_alone():
    is_thing = thing_classes(ade20k(), ["Chair"])
    assert is_thing[0] and not is_thing[19] and is_thing.sum() == 149
