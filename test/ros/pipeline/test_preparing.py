# SPDX-License-Identifier: Apache-2.0
"""A batch that was prepared for goes on as it is, or not at all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tips_ros.ros.pipeline.preparing import prepare_for


class Request:
    """A camera's frame; remembers why it was dropped."""

    def __init__(self, camera: str, asked: bool = False) -> None:
        self.dropped: list[str] = []
        self.camera = SimpleNamespace(name=camera)
        self.view = SimpleNamespace(
            rgb=np.zeros((4, 6, 3), np.uint8), outputs=("depth",), label_spaces=()
        )
        self.image = SimpleNamespace(account=SimpleNamespace(drop=self.dropped.append))
        self.queries = ["where is it"] if asked else []


class Predictor:
    """A model that has recorded nothing yet, or all."""

    def __init__(self, known: bool = False) -> None:
        self.known, self.prepared = known, 0

    def is_prepared(self, _: Any) -> bool:
        return self.known

    def prepare(self, views: Any) -> None:
        self.prepared += len(views)


@pytest.mark.parametrize("newer", [(), ("left",), ("right",)])
def test_a_part_of_a_batch_is_not_left_out(newer):
    requests = [Request("left"), Request("right")]
    assert prepare_for(requests, Predictor(), newer.__contains__) == requests
    assert [one.dropped for one in requests] == [[], []]


def test_a_batch_that_newer_images_have_come_after_makes_room_for_them():
    requests = [Request("left"), Request("right")]
    assert prepare_for(requests, Predictor(), lambda _: True) == []
    assert [one.dropped for one in requests] == [["superseded"], ["superseded"]]


def test_a_frame_that_a_service_waits_for_is_answered():
    requests = [Request("left"), Request("right", asked=True)]
    assert prepare_for(requests, Predictor(), lambda _: True) == requests


def test_where_nothing_is_to_be_prepared_every_frame_goes_on():
    predictor, requests = Predictor(known=True), [Request("left")]
    assert prepare_for(requests, predictor, lambda _: True) == requests
    assert predictor.prepared == 0
