# SPDX-License-Identifier: Apache-2.0
"""No client ends the node: what fails is logged and answered, and everything else goes on."""

import threading

import pytest
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import GetParameters, SetParameters, SetParametersAtomically
from rosgraph_msgs.msg import Clock
from tips_ros.srv import Locate, SetPrompts

from ..live_graph import PATIENCE_S, until


def change(graph, name):
    transition = Transition(id=getattr(Transition, f"TRANSITION_{name}"))
    return graph.call(ChangeState, "/tips/change_state", ChangeState.Request(transition=transition))


def state(graph):
    return graph.call(GetState, "/tips/get_state", GetState.Request()).current_state.id


@pytest.mark.parametrize("name", ["ACTIVATE", "CONFIGURE", "CLEANUP", "UNCONFIGURED_SHUTDOWN"])
def test_a_transition_that_is_not_possible_now_is_refused(graph, name):
    assert not change(graph, name).success
    assert state(graph) == State.PRIMARY_STATE_ACTIVE


@pytest.mark.parametrize("transition", [Transition(id=99), Transition(label="fly")])
def test_a_transition_that_does_not_exist_is_refused(graph, transition):
    request = ChangeState.Request(transition=transition)
    assert not graph.call(ChangeState, "/tips/change_state", request).success
    assert state(graph) == State.PRIMARY_STATE_ACTIVE


@pytest.mark.parametrize("timeout_s", [1e10, float("inf"), float("nan"), -1.0])
def test_a_timeout_that_cannot_be_is_refused(graph, timeout_s):
    request = Locate.Request(prompt="door", timeout_s=timeout_s)
    answer = graph.call(Locate, "/tips/locate", request)
    assert not answer.success
    assert "timeout_s" in answer.message and "3600" in answer.message


def test_an_unforeseen_error_of_a_service_is_answered_with_its_reason(graph, monkeypatch):
    def fail(*_):
        raise KeyError("blocks.0")

    monkeypatch.setattr(graph.vocabulary, "prepare", fail)
    monkeypatch.setattr(graph.vocabulary, "resolve_query", fail)
    for type_, name in ((SetPrompts, "set_prompts"), (Locate, "locate")):
        answer = graph.call(type_, f"/tips/{name}", type_.Request())
        assert not answer.success
        assert answer.message == "KeyError: 'blocks.0'"


@pytest.mark.parametrize("type_", [SetParameters, SetParametersAtomically])
def test_a_parameter_of_a_type_that_does_not_exist_is_refused(graph, type_):
    service = "set_parameters" + ("_atomically" if type_ is SetParametersAtomically else "")
    odd = Parameter(name="output_scale", value=ParameterValue(type=77))
    answer = graph.call(type_, f"/tips/{service}", type_.Request(parameters=[odd]))
    results = [answer.result] if type_ is SetParametersAtomically else answer.results
    assert [result.successful for result in results] == [False]
    assert results[0].reason
    assert graph.parameter("output_scale") == 1.0


def test_while_words_are_encoded_time_goes_on_and_everybody_is_answered(graph_with, monkeypatch):
    graph = graph_with(use_sim_time=True, input_height=56, input_width=56).active()
    entered, gate = threading.Event(), threading.Event()
    embed = graph.encoder.embeddings

    def slow(words):
        entered.set()
        assert gate.wait(PATIENCE_S)
        return embed(words)

    monkeypatch.setattr(graph.encoder, "embeddings", slow)
    client = graph.probe.create_client(SetPrompts, "/tips/set_prompts")
    assert client.wait_for_service(PATIENCE_S)
    future = client.call_async(SetPrompts.Request(prompts=["a red cup"]))
    assert entered.wait(PATIENCE_S)
    for sec in (5, 6):
        message = Clock()
        message.clock.sec = sec
        graph.publish(message, "/clock")
        until(lambda s=sec: graph.node.get_clock().now().nanoseconds == s * 10**9, "time to go on")
    assert state(graph) == State.PRIMARY_STATE_ACTIVE
    assert graph.set_parameter("max_age_s", 3.0).successful
    names = GetParameters.Request(names=["max_age_s"])
    (value,) = graph.call(GetParameters, "/tips/get_parameters", names).values
    assert value.double_value == 3.0
    answer = graph.call(Locate, "/tips/locate", Locate.Request(prompt="door", timeout_s=0.1))
    assert "no image came" in answer.message
    assert not future.done()
    gate.set()
    until(future.done, "the answer")
    assert future.result().success


def test_a_callback_that_outlasts_the_node_fails_in_silence(graph, monkeypatch, caplog):
    """What it touches is gone, and nobody has to act on that."""

    def fail(*_):
        raise AttributeError("'NoneType' object has no attribute 'publish'")

    monkeypatch.setattr(graph.vocabulary, "prepare", fail)
    (service,) = (each for each in graph.node.services if each.srv_type is SetPrompts)
    request = SetPrompts.Request(prompts=["a red cup"])
    assert not service.callback(request, SetPrompts.Response()).success
    assert "SetPrompts failed" in caplog.text
    caplog.clear()
    graph.node.destroy_node()
    assert not service.callback(request, SetPrompts.Response()).success
    assert not caplog.text


def test_the_state_is_told_while_a_model_loads(graph_with, monkeypatch):
    from tips_ros.ros import loaded_model

    load, entered, gate = loaded_model.load_predictor, threading.Event(), threading.Event()

    def slow(*given, **named):
        entered.set()
        assert gate.wait(PATIENCE_S)
        return load(*given, **named)

    monkeypatch.setattr(loaded_model, "load_predictor", slow)
    graph = graph_with(input_height=56, input_width=56)
    assert entered.wait(PATIENCE_S)
    assert state(graph) == State.TRANSITION_STATE_CONFIGURING
    assert graph.set_parameter("output_scale", 0.5).successful
    gate.set()
    graph.active()
