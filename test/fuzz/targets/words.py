# SPDX-License-Identifier: Apache-2.0
"""Prompts, class lists and the names of topics made of them: what anybody may type or send."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from tips_ros.perception.classes.class_files import load_class_list, read_lines, shipped_lists
from tips_ros.perception.classes.class_list import class_list
from tips_ros.perception.classes.topic_names import topic_names
from tips_ros.perception.language.prompts import PromptError, parse_prompts
from tips_ros.perception.semantic.prompted_label_space import parse_request

from ..mutations import mutated_text
from ..scratch import scratch_file
from ..target import Target, refusal

_TOPIC = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_OWN = class_list(("wall", "floor", "coffee cup"))
_TEXTS = st.one_of(
    st.sampled_from(
        (
            *(
                "door",
                "seat: chair | stool",
                "@indoor_robot",
                "@model",
                "@none",
                "@/etc/passwd",
                "@",
            ),
            *(
                "@../secret",
                "a:b:c",
                "|",
                ":",
                "x" * 201,
                "Tür",
                "杯",
                "\u200b",
                "\ud800",
                "a\0b",
                "@~",
            ),
        )
    ),
    st.text(max_size=30),
    st.text(st.characters(), max_size=6),
)
_LISTS = st.lists(_TEXTS, max_size=5)
_NUMBERS = st.lists(st.floats(), max_size=4)


def check_prompts(case: tuple[list[str], list[str], list[float]]) -> None:
    """Classes with names and thresholds that mean something, or a refusal."""
    with refusal(PromptError, ValueError, OSError):
        found = parse_request(*case, _OWN)
        assert len(found.thresholds) == len(found.classes.names) == len(found.words)
        assert all(0.0 <= value <= 1.0 for value in found.thresholds)
        assert all(name.strip() for name in found.classes.names)
        names = topic_names(found.classes.names)
        assert len(set(names)) == len(names) and all(map(_TOPIC.fullmatch, names))


def check_list(content: bytes) -> None:
    """A list of classes, or a refusal that names the file; the same through a prompt."""
    path = scratch_file("classes.txt", content)
    with refusal(ValueError, OSError):
        lines = read_lines(path)
        assert all(line == line.strip() and line for line in lines)
        assert len(load_class_list(path)) == len(lines)
    with refusal(PromptError, OSError):
        parse_prompts([f"@{path}"])


TARGETS = (
    Target("prompts", st.tuples(_LISTS, _LISTS, _NUMBERS), check_prompts),
    Target(
        "class lists",
        st.deferred(
            lambda: mutated_text([shipped_lists()["indoor_robot"].read_text("utf-8")[:900]])
        ),
        check_list,
    ),
)
