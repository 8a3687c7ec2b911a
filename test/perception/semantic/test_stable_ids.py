# SPDX-License-Identifier: Apache-2.0
"""An id stands for one name: as long as there are ids, whatever comes and goes."""

import random

from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.semantic.stable_ids import StableIds


def use(ids, *names):
    """Puts the names in force; their ids."""
    given = ids.assign(names)
    ids.keep(ClassList(tuple(names), given))
    return given


def test_a_name_that_comes_again_has_the_id_that_it_had():
    ids = StableIds()
    assert use(ids, "door", "cup") == (0, 1)
    assert use(ids, "wall") == (2,)
    assert use(ids, "cup", "lamp", "door") == (1, 3, 0)


def test_upper_and_lower_case_are_one_name():
    ids = StableIds()
    assert use(ids, "Door") == use(ids, "door")


def test_the_models_own_classes_keep_the_models_ids_and_nobody_else_gets_them():
    ids = StableIds()
    ids.reserve(ClassList(("wall", "floor", "door"), (0, 3, 7)))
    assert use(ids, "door", "cup", "wall") == (7, 1, 0)
    assert use(ids, "a", "b", "c", "d", "e") == (2, 4, 5, 6, 8)


def test_what_is_only_asked_for_takes_no_id():
    ids = StableIds()
    assert ids.assign(["door"]) == ids.assign(["cup"]) == (0,)


def test_once_all_ids_were_given_the_one_out_of_use_longest_is_given_again():
    ids = StableIds()
    for i in range(255):
        use(ids, f"thing {i}")
    use(ids, "thing 0")
    assert use(ids, "cup") == (1,)
    assert use(ids, "box", "bag") == (2, 3)
    assert use(ids, "thing 0") == (0,)


def test_ids_in_use_are_never_given_to_another_name():
    chance = random.Random(0)
    ids, meant = StableIds(), {}
    ids.reserve(ClassList(tuple(f"own {i}" for i in range(150))))
    for _ in range(200):
        names = [f"own {i}" for i in chance.sample(range(150), chance.randint(0, 20))]
        names += [f"word {i}" for i in chance.sample(range(300), chance.randint(1, 60))]
        given = use(ids, *names)
        assert len(set(given)) == len(names)
        assert all(0 <= i < 255 for i in given)
        meant |= dict(zip(given, names, strict=True))
        for name, i in zip(names, given, strict=True):
            if name.startswith("own"):
                assert i == int(name.split()[1])


def test_more_names_than_are_left_beside_the_models_own_take_those_that_are_not_in_use():
    ids = StableIds()
    ids.reserve(ClassList(tuple(f"own {i}" for i in range(200))))
    names = ["own 7", *(f"word {i}" for i in range(250))]
    given = use(ids, *names)
    assert given[0] == 7
    assert len(set(given)) == 251


def test_another_model_takes_over_its_own_ids():
    ids = StableIds()
    ids.reserve(ClassList(("wall",)))
    assert use(ids, "cup", "bag", "box") == (1, 2, 3)
    ids.reserve(ClassList(("x", "y")))
    assert use(ids, "bag", "cup", "box") == (2, 4, 3), "cup's id is y's now"
    ids.reserve(None)
    assert use(ids, "bag", "cup", "box", "x") == (2, 4, 3, 0)
