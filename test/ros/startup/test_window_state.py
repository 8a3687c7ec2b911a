# SPDX-License-Identifier: Apache-2.0
"""The state of RViz's window, read back as Qt's QMainWindow::restoreState reads it."""

import struct

import pytest

from tips_ros.ros.startup.window_state import Panel, window_state

LEFT = [Panel("Displays"), Panel("Views")]


class Reader:
    """Takes Qt's big-endian values off a state."""

    def __init__(self, state: str) -> None:
        self.rest = bytes.fromhex(state)

    def take(self, form: str):
        values = struct.unpack_from(f">{form}", self.rest)
        self.rest = self.rest[struct.calcsize(f">{form}") :]
        return values if len(values) > 1 else values[0]

    def text(self) -> str:
        length = self.take("i")
        text, self.rest = self.rest[:length].decode("utf-16-be"), self.rest[length:]
        return text

    def sequence(self):
        """A sequence of docks and of sequences: (direction, [(title, flags, place) | sequence])."""
        marker, direction, count = self.take("BBi")
        assert marker == 0xFC
        found = []
        for _ in range(count):
            marker = self.take("B")
            if marker == 0xFB:
                found.append((self.text(), self.take("B"), self.take("iiii")))
            else:
                assert marker == 0xFC
                self.take("iiii")
                found.append(self.sequence())
        return direction, found


def read(state: str):
    """The areas by their place, and that nothing is left over."""
    reader = Reader(state)
    assert reader.take("ii") == (0xFF, 0)
    marker, count = reader.take("Bi")
    assert marker == 0xFD
    areas = {}
    for _ in range(count):
        place, *_ = reader.take("iii")
        areas[place] = reader.sequence()
    reader.take("ii4i")
    assert reader.take("Biii") == (0xFC, 1, 2, 1)
    assert reader.text() == "Tools"
    reader.take("Biiii")
    assert reader.rest == b""
    return areas


def titles(sequence):
    return [title for title, *_ in sequence[1]]


def test_one_column_is_below_each_other_right_of_the_scene():
    areas = read(window_state(LEFT, [[Panel("Classes"), Panel("Depth")]], (1500, 920)))
    assert titles(areas[0]) == ["Displays", "Views"]
    assert titles(areas[1]) == ["Classes", "Depth"]
    assert areas[0][0] == areas[1][0] == 2


@pytest.mark.parametrize("count", [2, 4, 9])
def test_several_columns_are_beside_each_other(count):
    columns = [[Panel(f"Classes {i}"), Panel(f"Depth {i}")] for i in range(count)]
    direction, found = read(window_state(LEFT, columns, (1500, 920)))[1]
    assert direction == 1
    assert [titles(column) for column in found] == [
        [f"Classes {i}", f"Depth {i}"] for i in range(count)
    ]


def test_a_panel_that_is_not_shown_keeps_its_place_and_takes_none():
    column = [Panel("Classes"), Panel("Normals", shown=False), Panel("Depth")]
    _, found = read(window_state(LEFT, [column], (1500, 900)))[1]
    assert [flags for _, flags, _ in found] == [1, 0, 1]
    assert [size for _, _, (_, size, *_) in found] == [450, 0, 450]


def test_titles_may_be_of_any_language():
    _, found = read(window_state(LEFT, [[Panel("Tiefe (vorn) 深度")]], (1500, 900)))[1]
    assert found[0][0] == "Tiefe (vorn) 深度"
