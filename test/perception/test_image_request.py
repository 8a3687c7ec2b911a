# SPDX-License-Identifier: Apache-2.0
"""Only the heads run that something wanted of an image takes."""

from __future__ import annotations

import numpy as np
import torch

from tips_ros.perception.classes.class_list import ClassList
from tips_ros.perception.image_request import ImageRequest, scaled_size
from tips_ros.perception.language.prompts import parse_prompts
from tips_ros.perception.semantic.label_space import model_label_space, zero_shot_label_space

RGB = np.zeros((4, 6, 3), np.uint8)
OWN = model_label_space(ClassList(("floor", "wall")))
PROMPTS = parse_prompts(["door"])
WORDS = zero_shot_label_space(PROMPTS, torch.eye(len(PROMPTS.all_words), 8), None)


def test_deviation_takes_the_depth_head_and_its_evidence():
    request = ImageRequest(RGB, ["stddev"])
    assert (request.heads(), request.evidence) == ({"depth"}, True)


def test_the_model_s_own_classes_take_its_head_and_words_take_value_features():
    own, words = (ImageRequest(RGB, label_spaces=[one]) for one in (OWN, WORDS))
    assert (own.heads(), own.value_features) == ({"segmentation"}, False)
    assert (words.heads(), words.value_features) == (set(), True)


def test_labels_alone_name_no_head_until_their_classes_are_known():
    assert ImageRequest(RGB, ["semantic"]).heads() == set()


def test_outputs_are_a_pixel_wide_at_least():
    assert scaled_size(480, 640, 0.5) == (240, 320)
    assert scaled_size(2, 900, 0.1) == (1, 90)
