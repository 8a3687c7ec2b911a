# SPDX-License-Identifier: Apache-2.0
"""The lifecycle: what each transition does, and what a failed one leaves behind."""

import threading
import weakref

import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from tips_ros.msg import ClassMap

from tips_ros.perception.loading.precisions import precision_name
from tips_ros.ros import loaded_model
from tips_ros.ros import node as node_module
from tips_ros.ros.parameters.table import PARAMETERS
from tips_ros.ros.topics import qos

from .live_graph import until

SMALL = {"input_height": 112, "input_width": 112}


def state(graph):
    return graph.call(GetState, "/tips/get_state", GetState.Request()).current_state.id


def change(graph, transition_id):
    request = ChangeState.Request(transition=Transition(id=transition_id))
    return graph.call(ChangeState, "/tips/change_state", request).success


def cycle(graph):
    """Through every state and back, as `nav2_lifecycle_manager` does with its services alone."""
    for transition in ("DEACTIVATE", "CLEANUP", "CONFIGURE", "ACTIVATE"):
        assert change(graph, getattr(Transition, f"TRANSITION_{transition}")), transition


def test_with_autostart_the_node_becomes_active_by_itself(graph):
    assert state(graph) == State.PRIMARY_STATE_ACTIVE


def test_a_model_that_knows_little_says_so_with_the_line_that_gets_another(graph_with, capfd):
    graph_with(model="demo", **SMALL).active()
    told = capfd.readouterr().err
    assert "demo model: knows rendered rooms only; of other pictures trust neither" in told
    assert "tips_ros download tipsv2-b14 (1.1 GB), then -p model:=tipsv2-b14" in told


def test_without_autostart_it_waits_for_a_manager(graph_with):
    graph = graph_with(autostart=False, **SMALL)
    assert state(graph) == State.PRIMARY_STATE_UNCONFIGURED
    assert graph.node.predictor is None
    assert change(graph, Transition.TRANSITION_CONFIGURE)
    assert graph.node.predictor is not None
    assert graph.node.work is None, "inactive: it does not listen yet"
    assert change(graph, Transition.TRANSITION_ACTIVATE)
    graph.listen("depth/image")
    graph.publish_image()
    until(lambda: graph.received["depth/image"], "depth")


def test_deactivated_it_does_not_listen_and_activated_again_it_does(graph):
    graph.listen("depth/image")
    graph.publish_image(sec=1)
    until(lambda: graph.received["depth/image"], "depth")
    assert change(graph, Transition.TRANSITION_DEACTIVATE)
    assert graph.node.work is None
    until(lambda: not graph.probe.count_subscribers("/image"), "the subscription to end")
    assert change(graph, Transition.TRANSITION_ACTIVATE)
    graph.publish_image(sec=2)
    until(lambda: len(graph.received["depth/image"]) == 2, "depth again")


def test_demand_that_is_seen_too_late_does_not_have_an_inactive_node_listen_again(graph):
    for _ in range(20):
        assert change(graph, Transition.TRANSITION_DEACTIVATE)
        assert "/image" not in [s.topic_name for s in graph.node.subscriptions]
        assert change(graph, Transition.TRANSITION_ACTIVATE)
    graph.listen("depth/image")
    camera = graph.camera
    assert change(graph, Transition.TRANSITION_DEACTIVATE)
    camera.follow_demand(True)
    assert not camera.input.listens


def test_cleanup_frees_the_model_and_configure_loads_it_again(graph):
    assert change(graph, Transition.TRANSITION_DEACTIVATE)
    assert change(graph, Transition.TRANSITION_CLEANUP)
    assert graph.node.predictor is None
    assert state(graph) == State.PRIMARY_STATE_UNCONFIGURED
    assert change(graph, Transition.TRANSITION_CONFIGURE)
    assert change(graph, Transition.TRANSITION_ACTIVATE)
    graph.listen("depth/image")
    graph.publish_image()
    until(lambda: graph.received["depth/image"], "depth")


def test_a_model_that_is_not_there_leaves_the_node_unconfigured_and_says_so(graph_with):
    graph = graph_with(model="tipsv2-b99")
    reports = graph.keep(DiagnosticArray, "/diagnostics", 10)
    found = until(
        lambda: next((r.status[0] for r in reports if "b99" in r.status[0].message), None),
        "a diagnostic that names the model",
    )
    assert found.level == DiagnosticStatus.ERROR
    assert "tipsv2-b14" in found.message, "it names what there is"
    assert state(graph) == State.PRIMARY_STATE_UNCONFIGURED


def test_cleanup_lets_go_of_the_model_and_of_every_output(graph):
    model = weakref.ref(graph.node.predictor.model)
    until(lambda: graph.probe.count_publishers("/tips/depth/image") == 1, "the topic")
    assert change(graph, Transition.TRANSITION_DEACTIVATE)
    assert change(graph, Transition.TRANSITION_CLEANUP)
    assert model() is None, "something still holds the weights"
    until(lambda: not graph.probe.count_publishers("/tips/depth/image"), "the topic to go")
    until(lambda: not graph.probe.count_subscribers("/image"), "the subscription to go")


def test_another_model_can_be_taken_at_run_time(graph, by_head):
    told = graph.keep(ClassMap, "/tips/semantic/classes", qos.latched())
    until(lambda: told and told[-1].model == "demo", "the first model's classes")
    assert graph.set_parameter("model", str(by_head)).successful
    graph.listen("semantic/image")
    graph.publish_image(sec=1)
    until(lambda: graph.received["semantic/image"], "a mask of the model that is still loaded")
    assert graph.node.predictor.description.name == "demo"
    for side in ("input_height", "input_width"):
        assert graph.set_parameter(side, 0).successful
    cycle(graph)
    until(lambda: told[-1].model == str(by_head), "the other model's classes")
    graph.publish_image(sec=2)
    until(lambda: len(graph.received["semantic/image"]) == 2, "a mask of the other model")


def test_many_cycles_leave_nothing_behind(graph):
    def held():
        node = graph.node
        return [len(list(x)) for x in (node.publishers, node.subscriptions, node.services)]

    cycle(graph)
    before = held()
    for _ in range(3):
        cycle(graph)
    assert held() == before
    threads = [t.name for t in threading.enumerate() if t.name == "tips pipeline"]
    assert len(threads) == 1


def test_an_unforeseen_error_ends_unconfigured_and_the_next_try_works(
    graph_with, monkeypatch, capfd
):
    graph = graph_with(autostart=False, **SMALL)
    reports = graph.keep(DiagnosticArray, "/diagnostics", 10)

    def fail(*_, **__):
        raise KeyError("unforeseen")

    with monkeypatch.context() as broken:
        broken.setattr(loaded_model, "load_predictor", fail)
        assert not change(graph, Transition.TRANSITION_CONFIGURE)
    assert state(graph) == State.PRIMARY_STATE_UNCONFIGURED
    until(lambda: any("KeyError" in r.status[0].message for r in reports), "a diagnostic")
    assert "in fail" in capfd.readouterr().err, "the traceback is in the log"
    assert change(graph, Transition.TRANSITION_CONFIGURE)
    assert change(graph, Transition.TRANSITION_ACTIVATE)
    graph.listen("depth/image")
    graph.publish_image()
    until(lambda: graph.received["depth/image"], "depth")


def test_an_activation_that_cannot_be_leaves_it_inactive_with_the_reason(graph_with, monkeypatch):
    graph = graph_with(autostart=False, **SMALL)
    assert change(graph, Transition.TRANSITION_CONFIGURE)

    def fail(*_, **__):
        raise RuntimeError("no more threads")

    with monkeypatch.context() as broken:
        broken.setattr(node_module, "Pipeline", fail)
        assert not change(graph, Transition.TRANSITION_ACTIVATE)
    assert state(graph) == State.PRIMARY_STATE_INACTIVE
    reports = graph.keep(DiagnosticArray, "/diagnostics", 10)
    until(lambda: any(r.status[0].message == "no more threads" for r in reports), "a diagnostic")
    assert change(graph, Transition.TRANSITION_ACTIVATE)
    graph.listen("depth/image")
    graph.publish_image()
    until(lambda: graph.received["depth/image"], "depth")


@pytest.mark.parametrize("start", ["unconfigured", "inactive"])
def test_a_shutdown_ends_in_finalized_from_every_state(graph_with, start):
    graph = graph_with(autostart=False, **SMALL)
    transition = Transition.TRANSITION_UNCONFIGURED_SHUTDOWN
    if start == "inactive":
        assert change(graph, Transition.TRANSITION_CONFIGURE)
        transition = Transition.TRANSITION_INACTIVE_SHUTDOWN
    assert change(graph, transition)
    assert state(graph) == State.PRIMARY_STATE_FINALIZED
    assert graph.node.predictor is None


@pytest.mark.parametrize("name", [p.name for p in PARAMETERS if p.applies == "at start"])
def test_what_applies_at_start_only_is_read_only(graph, name):
    value = graph.parameter(name)
    result = graph.set_parameter(name, value if value != [] else ["front"])
    assert not result.successful
    assert "read-only" in result.reason


def test_a_shutdown_while_active_ends_in_finalized(graph):
    assert change(graph, Transition.TRANSITION_ACTIVE_SHUTDOWN)
    assert state(graph) == State.PRIMARY_STATE_FINALIZED


def test_diagnostics_tell_the_model_the_rates_and_the_drops(graph):
    reports = graph.keep(DiagnosticArray, "/diagnostics", 10)
    graph.listen("depth/image")
    graph.publish_image()
    until(lambda: graph.received["depth/image"], "depth")
    values = until(
        lambda: next(
            (v for r in reports if (v := as_dict(r.status[0])).get("frames published") == "1"),
            None,
        ),
        "a report with the frame",
    )
    assert values["model"] == "demo"
    assert values["trained"] == "True"
    assert values["frames received"] == "1"
    assert float(values["stage network p50 (ms)"]) > 0.0
    assert (values["classes"], values["classes from"]) == ("23", "model")
    assert values["words encoded"] == "0"
    assert values["outputs active"] == "depth/image"
    assert float(values["memory (MiB)"]) > 50
    assert float(values["output rate (Hz)"]) == 0.0, "of one frame there is no rate"
    assert values["precision"] == precision_name(graph.node.predictor.precision)


def test_diagnostics_warn_of_a_model_with_random_weights(graph_with, untrained):
    graph = graph_with(model=str(untrained)).active()
    reports = graph.keep(DiagnosticArray, "/diagnostics", 10)
    graph.publish_image()
    found = until(
        lambda: next((r.status[0] for r in reports if "untrained" in r.status[0].message), None),
        "a report that says so",
    )
    assert found.level == DiagnosticStatus.WARN
    assert as_dict(found)["trained"] == "False"


def as_dict(status):
    return {value.key: value.value for value in status.values}
