# SPDX-License-Identifier: Apache-2.0
"""Class names go into sentences before they are embedded."""

from __future__ import annotations

import pytest

from tips_ros.perception.language.prompt_templates import TCL_TEMPLATES, sentences


def test_a_name_is_put_into_all_nine_templates():
    texts = sentences(["door"])
    assert len(texts) == len(set(texts)) == len(TCL_TEMPLATES) == 9
    assert texts[0] == "itap of a door."
    assert texts[-1] == "a photo of doors."


def test_every_synonym_is_put_into_every_template():
    assert sentences(["sofa", " couch "], ["a {}.", "many {}s."]) == [
        *("a sofa.", "many sofas."),
        *("a couch.", "many couchs."),
    ]


def test_braces_in_a_name_stay_as_typed():
    assert sentences(["{0} {}"], ["a {}."]) == ["a {0} {}."]


@pytest.mark.parametrize("words", [[], [""], ["door", "  "]])
def test_a_class_without_a_name_is_refused(words: list[str]):
    with pytest.raises(ValueError, match="word"):
        sentences(words)


@pytest.mark.parametrize("template", ["a photo", "{} and {}", "a {name}."])
def test_a_template_needs_one_place_for_the_name(template: str):
    with pytest.raises(ValueError, match="must hold {} once"):
        sentences(["door"], [template])


def test_no_template_at_all_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        sentences(["door"], [])
