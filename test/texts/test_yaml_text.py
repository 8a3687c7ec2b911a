# SPDX-License-Identifier: Apache-2.0
"""Whatever is wrong with a YAML text is told in one kind of error and one line."""

from __future__ import annotations

import pytest

from tips_ros.texts.yaml_text import YamlError, load_yaml

WRONG = {
    "nested lists": "[" * 3000,
    "nested mappings": "{a: " * 3000,
    "a month that is none": "a: 2020-13-45",
    "a time that is none": "a: 2001-12-14t99:59:43.10-05:00",
    "an int that is none": "a: 0x_",
    "a binary that is none": "a: !!binary é",
    "code": "a: !!python/object/apply:os.system [true]",
    "an object": "a: !!python/name:os.system",
    "open brackets": "a: [1, 2",
    "a tab": "a:\n\t- b",
    "an unknown anchor": "a: *b",
    "a list for a key": "? [a, b]\n: c",
    "no text": "\x00",
    "a merge of what is none": "<<: 3",
    "a sexagesimal that is none": "!!int 1:x",
    "an empty int": "!!int ''",
    "a bool that is none": "!!bool x",
}


@pytest.mark.parametrize("what", WRONG)
def test_a_text_that_is_none_is_refused_in_one_line(what):
    with pytest.raises(YamlError) as refused:
        load_yaml(WRONG[what])
    assert str(refused.value) and "\n" not in str(refused.value)


def test_a_small_text_does_not_become_a_large_value():
    names = "abcdefgh"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip(names, names[1:], strict=False)
    ]
    assert len(load_yaml("\n".join(lines))["h"]) == 9  # the same list nine times


def test_what_is_yaml_is_read():
    assert load_yaml("a: [1, 2.5, x]\nb: {c: true}") == {"a": [1, 2.5, "x"], "b": {"c": True}}
