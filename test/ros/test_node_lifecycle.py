# SPDX-License-Identifier: Apache-2.0
"""The lifecycle: what each transition does, and what a failed one leaves behind."""

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState

from .conftest import until

SMALL = {"input_height": 112, "input_width": 112}


def state(graph):
    return graph.call(GetState, "/tips/get_state", GetState.Request()).current_state.id


def change(graph, transition_id):
    request = ChangeState.Request(transition=Transition(id=transition_id))
    return graph.call(ChangeState, "/tips/change_state", request).success


def test_with_autostart_the_node_becomes_active_by_itself(graph):
    assert state(graph) == State.PRIMARY_STATE_ACTIVE


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
    assert "stage predict p50, p95 (ms)" in values
    assert (values["classes"], values["classes from"]) == ("23", "model")
    assert values["words encoded"] == "0"


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
