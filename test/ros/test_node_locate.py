# SPDX-License-Identifier: Apache-2.0
"""~/locate: what is named, in the newest frame, with its place in space."""

import threading

import numpy as np
import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.qos import QoSProfile
from tips_ros.srv import Locate

from tips_ros.messages.transform_error import TransformError

from .example_messages import FRAME_ID, header_at, picture
from .live_graph import PATIENCE_S, until

PATIENT = PATIENCE_S  # seconds that a call waits for its frame here


def locate(graph, prompt, **fields):
    request = Locate.Request(prompt=prompt, **{"timeout_s": PATIENT, **fields})
    return graph.call(Locate, "/tips/locate", request)


def locate_in_a_frame(graph, prompt, rgb=None, **fields):
    """Calls, and publishes a frame once the call waits for one."""
    answers = []
    calling = threading.Thread(target=lambda: answers.append(locate(graph, prompt, **fields)))
    calling.start()
    until(lambda: graph.camera.queries.waiting or answers, "the question")
    if not answers:
        graph.publish_image(rgb, sec=7)
    calling.join()
    return answers[0]


@pytest.fixture
def own_class(graph):
    """The name of the class that the model sees most of in the picture, and its mask."""
    labels = graph.node.predictor.predict(picture(), ["semantic"]).labels
    ids, counts = np.unique(labels, return_counts=True)
    most = ids[counts.argmax()]
    return graph.node.predictor.description.classes.name_of(int(most)), labels == most


def test_one_of_the_models_own_classes_is_found_where_its_head_sees_it(graph, own_class):
    graph.publish_camera_info()
    name, mask = own_class
    answer = locate_in_a_frame(graph, name)
    assert answer.success, answer.message
    assert answer.header == header_at(7)
    assert answer.regions
    sums = [region.score * region.pixels for region in answer.regions]
    assert sums == sorted(sums, reverse=True)
    depth_m = graph.node.predictor.predict(picture(), ["depth"]).depth_m
    for region in answer.regions:
        roi = region.roi
        inside = (
            slice(roi.y_offset, roi.y_offset + roi.height),
            slice(roi.x_offset, roi.x_offset + roi.width),
        )
        assert mask[inside].sum() >= region.pixels >= 50
        there = depth_m[inside][mask[inside]]
        assert there.min() <= region.median_depth_m <= there.max()
        assert there.min() <= region.centroid.z <= there.max()
        assert region.size.x >= 0.0


def test_any_words_are_found_without_a_subscriber_and_without_a_change_of_the_classes(graph):
    graph.publish_camera_info()
    before = graph.vocabulary.board.in_force
    answer = locate_in_a_frame(graph, "thing: door | sofa | wall | floor", max_regions=1)
    assert answer.success, answer.message
    assert len(answer.regions) <= 1
    assert graph.vocabulary.board.in_force is before
    # The answer goes out before the frame is counted.
    until(lambda: graph.camera.statistics.snapshot().published == 1, "the account")


def test_outputs_of_the_same_frame_come_as_ever_from_the_same_pass(graph):
    passes = []
    graph.node.predictor.model.backbone.register_forward_hook(lambda *_: passes.append(1))
    assert graph.set_prompts("door", "floor", background=["wall"]).success
    label_space = graph.vocabulary.board.in_force.label_space
    graph.listen("semantic/image")
    answer = locate_in_a_frame(graph, "a red lamp")
    assert answer.success, answer.message
    until(lambda: graph.received["semantic/image"], "the mask")
    assert len(passes) == 1
    mask = np.frombuffer(graph.received["semantic/image"][0].data, np.uint8).reshape(48, 64)
    expected = graph.node.predictor.predict(picture(), ["semantic"], label_space=label_space).labels
    np.testing.assert_array_equal(mask, expected)


def test_without_a_camera_info_there_are_no_places_in_space_and_that_is_said(graph, own_class):
    answer = locate_in_a_frame(graph, own_class[0])
    assert answer.success
    assert "CameraInfo" in answer.message
    assert np.isnan(answer.regions[0].centroid.x)
    assert answer.regions[0].median_depth_m > 0.0


def test_regions_below_the_least_score_are_left_out(graph, own_class):
    every = locate_in_a_frame(graph, own_class[0])
    best = max(region.score for region in every.regions)
    answer = locate_in_a_frame(graph, own_class[0], min_score=min(best + 0.01, 1.0))
    assert answer.success
    assert not answer.regions


def test_no_frame_within_the_time_given_is_said(graph):
    answer = locate(graph, "wall", timeout_s=0.2)
    assert not answer.success
    assert "no image came on /image within 0.2 s" in answer.message
    assert "nobody publishes it" in answer.message, "and what to do about it"
    assert not graph.camera.queries.waiting


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"prompt": ""}, "empty"),
        ({"prompt": "@ade20k"}, "one at a time"),
        ({"prompt": "door", "min_score": 1.5}, "min_score"),
        ({"prompt": "door", "timeout_s": -1.0}, "timeout_s"),
        ({"prompt": "door", "timeout_s": float("nan")}, "timeout_s"),
    ],
)
def test_a_bad_request_is_refused_at_once_with_the_reason(graph, fields, reason):
    answer = locate(graph, **fields)
    assert not answer.success
    assert reason in answer.message


def test_of_many_calls_at_once_each_is_answered(graph):
    client = graph.probe.create_client(Locate, "/tips/locate", qos_profile=QoSProfile(depth=200))
    assert client.wait_for_service(PATIENCE_S)
    refused = Locate.Request(prompt="door", timeout_s=-1.0)
    futures = [client.call_async(refused) for _ in range(120)]
    until(lambda: all(future.done() for future in futures), "the answers")
    assert all("timeout_s" in future.result().message for future in futures)


def test_of_more_calls_than_can_wait_the_rest_are_refused_and_nobody_else_waits(graph_with):
    """Of all cameras together: their threads are those of the whole node."""
    graph = graph_with(cameras=["front", "rear"], input_height=56, input_width=56).active()
    calls = []
    for camera in ("front", "rear"):
        service, many = f"/tips/{camera}/locate", QoSProfile(depth=200)
        client = graph.probe.create_client(Locate, service, qos_profile=many)
        assert client.wait_for_service(PATIENCE_S)
        request = Locate.Request(prompt="door", timeout_s=PATIENCE_S)
        calls += [client.call_async(request) for _ in range(20)]
    until(lambda: sum(call.done() for call in calls) >= 8, "those that are too many")
    refused = [call.result() for call in calls if call.done()]
    assert all("32 calls wait already" in answer.message for answer in refused)
    assert graph.parameter("output_scale") == 1.0, "everybody else is answered"
    for camera in ("front", "rear"):
        graph.publish_image(camera=camera)
    until(lambda: all(call.done() for call in calls), "the answers")
    assert sum(call.result().success for call in calls) == 32


def test_in_another_frame_everything_but_the_depth_is_turned_and_moved(
    graph, own_class, monkeypatch
):
    graph.publish_camera_info()
    asked = []

    def transform(target, source, stamp, timeout_s=0.0):
        asked.append((target, source, stamp))
        # The camera's z forward is the map's x, its x right the map's -y, its y down -z.
        turn = np.eye(4)
        turn[:3] = [[0, 0, 1, 10], [-1, 0, 0, 20], [0, -1, 0, 30]]
        return turn

    monkeypatch.setattr(graph.frames, "transform", transform)
    here = locate_in_a_frame(graph, own_class[0])
    there = locate_in_a_frame(graph, own_class[0], target_frame="map")
    assert there.header.frame_id == "map"
    assert asked == [("map", FRAME_ID, there.header.stamp)]
    for a, b in zip(here.regions, there.regions, strict=True):
        assert (b.centroid.x, b.centroid.y, b.centroid.z) == pytest.approx(
            (a.centroid.z + 10, 20 - a.centroid.x, 30 - a.centroid.y)
        )
        assert b.median_depth_m == a.median_depth_m


def test_tf_is_listened_to_before_the_frame_is_taken(graph, own_class, monkeypatch):
    """What was said of it before, nobody would know."""
    frames, queries, order = graph.frames, graph.camera.queries, []
    ask = queries.ask
    monkeypatch.setattr(frames, "listen", lambda wait_s: order.append("tf"))
    monkeypatch.setattr(queries, "ask", lambda *given: order.append("frame") or ask(*given))
    monkeypatch.setattr(frames, "transform", lambda *given: np.eye(4))
    assert locate_in_a_frame(graph, own_class[0], target_frame="map").success
    assert order == ["tf", "frame"]


def test_a_frame_from_before_all_tf_is_followed_by_a_later_one(graph, own_class, monkeypatch):
    asked = []

    def transform(target, source, stamp, timeout_s):
        asked.append(stamp.sec)
        if len(asked) == 1:
            raise TransformError("into the past", at_other_times=True)
        return np.eye(4)

    monkeypatch.setattr(graph.frames, "transform", transform)
    monkeypatch.setattr(graph.frames, "listen", lambda wait_s: True)
    answers = []
    calling = threading.Thread(
        target=lambda: answers.append(locate(graph, own_class[0], target_frame="map"))
    )
    calling.start()
    sec = 1
    while calling.is_alive():
        graph.publish_image(sec=sec)
        calling.join(0.1)
        sec += 1
    assert answers[0].success and answers[0].header.stamp.sec == asked[1] > asked[0]


def test_a_frame_that_nobody_knows_is_refused_with_the_reason(graph, own_class):
    answer = locate_in_a_frame(graph, own_class[0], target_frame="nowhere", timeout_s=4.0)
    assert not answer.success
    assert "to nowhere" in answer.message, "and not that no image came"


def test_an_inactive_node_says_so_and_one_that_is_deactivated_does_not_leave_it_waiting(graph):
    answers = []
    calling = threading.Thread(target=lambda: answers.append(locate(graph, "wall")))
    calling.start()
    until(lambda: graph.camera.queries.waiting, "the question")
    request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_DEACTIVATE))
    assert graph.call(ChangeState, "/tips/change_state", request).success
    calling.join()
    assert not answers[0].success
    assert "deactivated" in answers[0].message
    assert "not active" in locate(graph, "wall").message


def test_a_frame_that_fails_says_so_instead_of_leaving_the_call_waiting(graph):
    def fail(*_):
        raise RuntimeError("shapes differ")

    graph.node.predictor.model.backbone.register_forward_pre_hook(fail)
    answer = locate_in_a_frame(graph, "wall")
    assert not answer.success
    assert answer.message == "RuntimeError: shapes differ"
