# SPDX-License-Identifier: Apache-2.0
"""A device without room: half as many pictures at once, then one, then what to change."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
import torch

from tips_ros.errors import UserError
from tips_ros.perception import device_room
from tips_ros.perception.device_room import DeviceOutOfMemory, DeviceRoom, lacks_memory
from tips_ros.perception.image_request import ImageRequest
from tips_ros.perception.predictor import Predictor

from .conftest import DESCRIPTION

ERRORS = [
    torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("CUDA error: out of memory"),
    RuntimeError("std::bad_alloc"),
    MemoryError(),
]


class Device:
    """Has room for so many at once; notes how many it was given."""

    def __init__(self, room: int, error: Exception = ERRORS[0]) -> None:
        self.room, self.error = room, error
        self.sizes: list[int] = []

    def __call__(self, given: Any) -> list[int]:
        self.sizes.append(len(given))
        if len(given) > self.room:
            raise self.error
        return [10 * one for one in given]


@pytest.fixture
def room():
    return DeviceRoom(torch.device("cpu"), "lower the size")


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: str(error)[-20:] or "MemoryError")
def test_whatever_a_library_calls_it_there_are_fewer_at_once_and_none_is_lost(room, error):
    device = Device(2, error)
    assert room.run(device, [1, 2, 3, 4, 5]) == [10, 20, 30, 40, 50]
    assert device.sizes == [5, 2, 2, 1]
    assert room.run(device, [6, 7, 8]) == [60, 70, 80]
    assert device.sizes[4:] == [2, 1]  # what failed once is not tried again at once


def test_another_error_is_not_taken_for_it(room):
    error = RuntimeError("size mismatch")
    assert not lacks_memory(error) and not lacks_memory(KeyboardInterrupt("out of memory"))
    device = Device(1, error)
    with pytest.raises(RuntimeError, match="size mismatch"):
        room.run(device, [1, 2])
    assert device.sizes == [2]


def test_after_a_minute_all_are_tried_again(room, monkeypatch):
    device = Device(1)
    room.run(device, [1, 2])
    device.room, now = 4, device_room.time.monotonic() + 61.0
    monkeypatch.setattr(device_room.time, "monotonic", lambda: now)
    device.sizes.clear()
    room.run(device, [1, 2, 3, 4])
    assert device.sizes == [4]


def test_each_step_is_told_once_with_what_to_change(room, caplog):
    for _ in range(5):
        room.run(Device(1), [1, 2, 3, 4])
        room._most = None  # as after a minute, but in no time
    said = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(said) == 2, said
    assert "4 pictures at once" in said[0] and ": 1 at once" in said[1]
    assert all("lower the size" in line for line in said)


def test_where_one_is_too_many_it_is_said_and_the_next_is_tried(room):
    device = Device(0)
    with pytest.raises(DeviceOutOfMemory, match=r"no room .* \(CUDA out of memory.*lower the size"):
        room.run(device, [1, 2])
    device.room = 1
    assert room.run(device, [1, 2]) == [10, 20]
    assert issubclass(DeviceOutOfMemory, UserError)  # one line at a command line


def test_what_a_failed_pass_held_is_let_go_before_the_next(room):
    import weakref

    class Activation:
        pass

    held: list[weakref.ref[Activation]] = []

    def run(given):
        assert not any(ref() for ref in held), "the failed pass still holds its memory"
        activation = Activation()
        held.append(weakref.ref(activation))
        if len(given) > 1:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return list(given)

    assert room.run(run, [1, 2, 3]) == [1, 2, 3]
    assert len(held) == 4


def test_a_real_refusal_of_the_allocator_is_understood(room):
    def run(given):
        if len(given) > 1:
            torch.empty(2**50)  # more than any machine has
        return list(given)

    assert room.run(run, [1, 2, 3]) == [1, 2, 3]
    with pytest.raises(DeviceOutOfMemory):
        room.run_one(lambda: np.empty(2**55))


def test_predictions_in_parts_are_those_of_one_pass(tiny_tips, monkeypatch):
    predictor = Predictor(tiny_tips, DESCRIPTION)
    rng = np.random.default_rng(3)
    views = [ImageRequest(rng.integers(0, 255, (30, 40, 3), np.uint8), ("depth",)) for _ in "abcde"]
    expected = [predictor.decode(seen).depth_m for seen in predictor.encode_batch(views)]
    forward = predictor.model.forward_batch

    def small(pictures, *given, **named):
        if len(pictures) > 2:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return forward(pictures, *given, **named)

    monkeypatch.setattr(predictor.model, "forward_batch", small)
    found = [predictor.decode(seen).depth_m for seen in predictor.encode_batch(views)]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4)


def test_arrays_without_room_are_said_with_what_makes_them_smaller(tiny_tips, monkeypatch):
    predictor = Predictor(tiny_tips, DESCRIPTION)
    (seen,) = predictor.encode_batch([ImageRequest(np.zeros((30, 40, 3), np.uint8), ("depth",))])

    def fail(*_):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("tips_ros.perception.predictor.depth_at", fail)
    with pytest.raises(DeviceOutOfMemory, match="lower output_scale"):
        predictor.decode(seen)
