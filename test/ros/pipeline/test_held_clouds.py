# SPDX-License-Identifier: Apache-2.0
"""Clouds that wait for their transform: their order, how long, how many, and their fate."""

import logging
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
from std_msgs.msg import Header

from tips_ros.messages.transform_error import TransformError
from tips_ros.perception.prediction import Prediction
from tips_ros.ros.pipeline import held_clouds
from tips_ros.ros.pipeline.held_clouds import HeldCloud, HeldClouds

PATIENCE_S = 30.0


class Camera:
    """A camera whose place is known at the times in `known`, and to come at others."""

    def __init__(self, timeout_s=PATIENCE_S):
        self.known, self.gone, self.published, self.complaints = set(), set(), [], []
        self.placement = self.publishers = self
        self.timeout_s = timeout_s
        self.asked = []
        self.gate = threading.Event()
        self.gate.set()
        self.publishing = threading.Event()

    def of(self, header):
        self.asked.append(header.stamp.sec)
        if header.stamp.sec in self.known:
            return "placed"
        raise TransformError("not yet", may_come=header.stamp.sec not in self.gone)

    def complain(self, header, error):
        self.complaints.append(header.stamp.sec)

    def publish_one(self, topic, frame):
        self.publishing.set()
        assert self.gate.wait(PATIENCE_S)
        if topic == "raises":
            raise RuntimeError("no points")
        self.published.append((frame.header.stamp.sec, frame.placed))
        return "not made" if topic == "nothing" else ""


@contextmanager
def warnings_in(caplog):
    """Collects the package's warnings also where it hands none on to the root logger."""
    logger = logging.getLogger("tips_ros")
    with caplog.at_level(logging.WARNING, logger.name):
        logger.addHandler(caplog.handler)
        try:
            yield
        finally:
            logger.removeHandler(caplog.handler)


@pytest.fixture
def clouds():
    made = HeldClouds()
    yield made
    made.close()


class Fates:
    """The fates of clouds, in the order in which they were told."""

    def __init__(self, clouds):
        self._clouds = clouds
        self.told = []

    def hold(self, camera, *secs, topic="points_filtered", forgotten=None, size=4):
        for sec in secs:
            header = Header()
            header.stamp.sec = sec
            frame = SimpleNamespace(
                header=header,
                rgb=np.zeros((size, 4, 3), np.uint8),
                prediction=Prediction(depth_m=np.zeros((size, 4), np.float32)),
                placed=None,
                forget_cloud=lambda sec=sec: forgotten and forgotten.append(sec),
            )
            held = HeldCloud(topic, frame, camera)
            held.then = lambda cause, sec=sec: self.told.append((sec, cause))
            self._clouds.put(held)

    def are(self, *expected, in_order=True):
        deadline = time.monotonic() + PATIENCE_S
        while len(self.told) < len(expected):
            assert time.monotonic() < deadline, f"told {self.told}"
            time.sleep(0.002)
        time.sleep(0.02)
        told = self.told if in_order else sorted(self.told)
        assert told == list(expected), "each once, and nothing else"


@pytest.fixture
def fates(clouds):
    return Fates(clouds)


def test_a_cloud_goes_out_when_its_transform_has_come(clouds, fates):
    camera = Camera()
    fates.hold(camera, 5)
    assert clouds.holds(camera) and not camera.published
    camera.known.add(5)
    fates.are((5, ""))
    assert camera.published == [(5, "placed")]
    assert not clouds.holds(camera) and not camera.complaints


def test_clouds_go_out_in_their_order_whichever_is_known_first(fates):
    camera = Camera()
    fates.hold(camera, 1, 2, 3)
    camera.known |= {2, 3}
    time.sleep(0.05)
    assert not camera.published
    camera.known.add(1)
    fates.are((1, ""), (2, ""), (3, ""))


def test_one_cameras_clouds_do_not_wait_for_anothers(fates):
    waits, goes = Camera(), Camera()
    fates.hold(waits, 1)
    fates.hold(goes, 2)
    goes.known.add(2)
    fates.are((2, ""))


def test_what_never_comes_is_given_up_after_the_time_with_a_word(fates):
    camera = Camera(timeout_s=0.2)
    begin = time.monotonic()
    fates.hold(camera, 1)
    fates.are((1, "no transform"))
    assert time.monotonic() - begin >= 0.2
    assert camera.complaints == [1]


def test_what_can_not_come_any_more_holds_up_nobody(fates):
    camera = Camera()
    camera.gone.add(1)
    camera.known.add(2)
    fates.hold(camera, 1, 2)
    fates.are((1, "no transform"), (2, ""))


def test_the_time_may_be_changed_while_they_wait(fates):
    camera = Camera()
    fates.hold(camera, 1)
    camera.timeout_s = 0.0
    fates.are((1, "no transform"))


def test_one_that_waited_long_behind_others_is_late(fates):
    camera = Camera()
    camera.known |= {1, 2}
    camera.gate.clear()
    fates.hold(camera, 1, 2)
    assert camera.publishing.wait(PATIENCE_S)
    camera.timeout_s = 0.01
    time.sleep(0.05)
    camera.gate.set()
    fates.are((1, ""), (2, "late"))


def test_where_too_many_wait_while_the_oldest_is_being_looked_at_it_is_said_too(
    fates, monkeypatch, caplog
):
    class Slow(Camera):
        """A camera whose place takes as long to find as the test says."""

        def __init__(self):
            super().__init__()
            self.looking, self.goes_on = threading.Event(), threading.Event()

        def of(self, header):
            self.looking.set()
            assert self.goes_on.wait(PATIENCE_S)
            return super().of(header)

    camera = Slow()
    monkeypatch.setattr(held_clouds, "_MOST_BYTES", 4 * 4 * 7)
    fates.hold(camera, 1)
    assert camera.looking.wait(PATIENCE_S)
    with warnings_in(caplog):
        fates.hold(camera, 2)
    camera.goes_on.set()
    fates.are((1, "no transform"))
    assert any("output_scale" in record.getMessage() for record in caplog.records)


def test_where_too_many_wait_the_oldest_of_all_cameras_go(fates, monkeypatch, caplog):
    front, rear = Camera(), Camera()
    monkeypatch.setattr(held_clouds, "_MOST_BYTES", 3 * 4 * 4 * 7)
    fates.hold(rear, 1)
    fates.hold(front, 2, 3)
    with warnings_in(caplog):
        fates.hold(rear, 4)
        fates.hold(front, 5)
    fates.are((1, "no transform"), (2, "no transform"), in_order=False)
    said = {id(r): r.getMessage() for r in caplog.records}
    assert len(said) == 1 and "output_scale" in next(iter(said.values()))
    front.known |= {3, 5}
    rear.known.add(4)
    deadline = time.monotonic() + PATIENCE_S
    while len(fates.told) < 5 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert sorted(fates.told[2:]) == [(3, ""), (4, ""), (5, "")]


def test_one_that_is_larger_than_all_may_hold_is_held_alone(fates, monkeypatch):
    monkeypatch.setattr(held_clouds, "_MOST_BYTES", 1)
    camera = Camera()
    fates.hold(camera, 1, 2)
    camera.known |= {1, 2}
    fates.are((1, "no transform"), (2, ""))


def test_a_cloud_of_an_earlier_time_ends_the_waiting_of_those_before(fates):
    camera, other = Camera(), Camera()
    fates.hold(other, 99)
    fates.hold(camera, 98, 99, 10)
    fates.are((98, "rewound"), (99, "rewound"), in_order=False)
    camera.known.add(10)
    fates.are((10, ""), (98, "rewound"), (99, "rewound"), in_order=False)
    assert not camera.complaints


def test_a_clock_that_goes_back_ends_the_waiting_of_what_is_later(clouds, fates):
    camera, other = Camera(), Camera()
    fates.hold(camera, 98)
    fates.hold(other, 10)
    clouds.rewind(10 * 10**9)
    fates.are((98, "rewound"))


def test_closing_gives_up_what_waits_at_once(clouds, fates):
    camera = Camera()
    fates.hold(camera, 1, 2)
    clouds.close()
    fates.are((1, "deactivated"), (2, "deactivated"), in_order=False)
    fates.hold(camera, 3)
    fates.are((1, "deactivated"), (2, "deactivated"), (3, "deactivated"), in_order=False)


def test_closing_waits_for_the_cloud_that_is_being_published(clouds, fates):
    camera = Camera()
    camera.known |= {1, 2}
    camera.gate.clear()
    fates.hold(camera, 1, 2)
    assert camera.publishing.wait(PATIENCE_S)
    closing = threading.Thread(target=clouds.close)
    closing.start()
    time.sleep(0.05)
    assert closing.is_alive() and clouds.holds(camera)
    camera.gate.set()
    closing.join(PATIENCE_S)
    assert fates.told == [(2, "deactivated"), (1, "")]


@pytest.mark.parametrize(("topic", "cause"), [("raises", "failed"), ("nothing", "not made")])
def test_one_that_can_not_be_made_costs_itself_alone(fates, topic, cause):
    camera = Camera()
    camera.known |= {1, 2}
    fates.hold(camera, 1, topic=topic)
    fates.hold(camera, 2)
    fates.are((1, cause), (2, ""))


def unheard(held, monkeypatch):
    """Makes a cloud one whose fate can't be told."""

    def fail(cause):
        raise RuntimeError(f"nobody hears of {cause!r}")

    monkeypatch.setattr(held, "then", fail)


@pytest.mark.parametrize("way", ["published", "rewound"])
def test_one_whose_fate_can_not_be_told_costs_itself_alone(clouds, fates, monkeypatch, caplog, way):
    camera, put = Camera(), clouds.put

    def put_unheard(held):
        unheard(held, monkeypatch)
        put(held)

    with monkeypatch.context() as only_the_first, caplog.at_level(logging.ERROR):
        only_the_first.setattr(clouds, "put", put_unheard)
        fates.hold(camera, 101)
        only_the_first.setattr(clouds, "put", put)
        fates.hold(camera, 102)
        if way == "published":
            camera.known |= {101, 102}
            fates.are((102, ""))
        else:
            clouds.rewind(1)
            fates.are((102, "rewound"))
            camera.known |= {1}
            fates.hold(camera, 1)
            fates.are((102, "rewound"), (1, ""))
    assert any("fate of a cloud not told" in record.getMessage() for record in caplog.records)


def test_memory_that_others_write_to_is_let_go(fates):
    camera, forgotten = Camera(), [0]
    fates.hold(camera, 7, forgotten=forgotten)
    assert forgotten == [0, 7]
