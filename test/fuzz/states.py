# SPDX-License-Identifier: Apache-2.0
"""Steps through the lifecycle, services and parameters of a node, beside a model of what it should
say to each.

After every step the node's state and parameters are those of the model, whatever the order was.
"""

from __future__ import annotations

from typing import Any, Protocol

from hypothesis import strategies as st
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import GetParameters, SetParameters, SetParametersAtomically
from rclpy.parameter import Parameter, parameter_value_to_python
from tips_ros.srv import ClearMemory, Find, Locate, MemoryFile, SetPrompts

from .target import check_sentence

_NEXT = {
    ("unconfigured", Transition.TRANSITION_CONFIGURE): "inactive",
    ("inactive", Transition.TRANSITION_CLEANUP): "unconfigured",
    ("inactive", Transition.TRANSITION_ACTIVATE): "active",
    ("active", Transition.TRANSITION_DEACTIVATE): "inactive",
}
_GOOD = (
    ("points.stride", 2), ("points.stride", 4), ("temporal.mode", "full"), ("temporal.mode", "off"),
    ("rectify", True), ("rectify", False), ("temporal.labels", True), ("temporal.labels", False),
    ("ground.ignore", ["rug"]), ("ground.ignore", []), ("prompts", ["a door", "a cup"]),
    ("semantic.overlay_alpha", 0.2), ("objects.birth_hits", 2),
)  # fmt: skip
_BAD = (
    ("points.stride", 0), ("points.stride", "two"), ("temporal.mode", "sideways"),
    ("rectify", 3), ("max_age_s", -1.0), ("max_age_s", float("nan")), ("prompts", ["", ""]),
    ("prompts", ["x" * 20_000]), ("semantic.overlay_alpha", 7.0), ("no.such", 1),
    ("input_height", -1), ("cameras", ["a", "a"]),
)  # fmt: skip
_WORDS = (["a lemon", "a lime"], ["door: a wooden door"], ["one"], [])
_NO_WORDS = ([""], ["x" * 20_000], ["@/etc/passwd"])

_parameters = st.one_of(
    st.tuples(st.sampled_from(_GOOD), st.just(True)),
    st.tuples(st.sampled_from(_BAD), st.just(False)),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("transition"), st.sampled_from([1, 3, 4, 2, 1, 3])),
        st.tuples(st.just("parameter"), _parameters),
        st.tuples(st.just("parameters"), st.lists(_parameters, min_size=2, max_size=3)),
        st.tuples(st.just("prompts"), st.sampled_from([(w, True) for w in _WORDS])),
        st.tuples(st.just("prompts"), st.sampled_from([(w, False) for w in _NO_WORDS])),
        st.tuples(st.sampled_from(("locate", "find", "save", "clear", "image")), st.none()),
    ),
    min_size=3,
    max_size=14,
)


class SteppedNode(Protocol):
    """The node under test."""

    def call(self, type_: Any, name: str, request: Any) -> Any:
        """The answer of one of its services."""

    def show(self) -> None:
        """Shows an image; returns once it is answered."""


class Walk:
    """One walk of a node through states; its model is what the node said at the beginning."""

    def __init__(self, node: SteppedNode) -> None:
        self._node = node
        self._names = sorted({name for name, _ in _GOOD})
        self._state, self._values = self._told_state(), self._told_values()

    def step(self, kind: str, value: Any) -> None:
        """Does one step, and compares.

        Raises:
            AssertionError: the node answers, or is afterwards, as the model is not.
        """
        getattr(self, f"_do_{kind}")(value)
        assert self._told_state() == self._state, kind
        told = self._told_values()
        assert told == self._values, (kind, value, told)

    def end(self) -> None:
        """Has the node become active from wherever it is, and answer."""
        for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
            self._do_transition(transition)
        assert self._told_state() == "active"
        self._node.show()

    def _do_transition(self, number: int) -> None:
        request = ChangeState.Request(transition=Transition(id=number))
        success = self._node.call(ChangeState, "change_state", request).success
        following = _NEXT.get((self._state, number))
        assert success == (following is not None), (self._state, number)
        self._state = following or self._state

    def _do_parameter(self, value: Any) -> None:
        (name, wanted), good = value
        message = Parameter(name, value=wanted).to_parameter_msg()
        answer = self._node.call(
            SetParameters, "set_parameters", SetParameters.Request(parameters=[message])
        )
        (result,) = answer.results
        self._judge(result, good, {name: wanted})

    def _do_parameters(self, values: Any) -> None:
        messages = [Parameter(n, value=v).to_parameter_msg() for (n, v), _ in values]
        request = SetParametersAtomically.Request(parameters=messages)
        answer = self._node.call(SetParametersAtomically, "set_parameters_atomically", request)
        wanted = dict(pair for pair, _ in values)
        self._judge(answer.result, all(good for _, good in values), wanted)

    def _judge(self, result: Any, good: bool, wanted: dict[str, Any]) -> None:
        assert result.successful == good, (wanted, result.reason)
        if good:
            self._values |= wanted
        else:
            check_sentence(result.reason)

    def _do_prompts(self, value: Any) -> None:
        words, good = value
        answer = self._node.call(SetPrompts, "set_prompts", SetPrompts.Request(prompts=words))
        assert answer.success == (good and self._state != "unconfigured"), (words, answer)
        if answer.success:
            self._values["prompts"] = words
        else:
            check_sentence(answer.message)

    def _do_locate(self, _: None) -> None:
        request = Locate.Request(prompt="door", timeout_s=0.2)
        answer = self._node.call(Locate, "locate", request)
        assert answer.success or len(answer.message.split()) >= 3, answer
        if self._state != "active":
            assert not answer.success and "activate it first" in answer.message, answer

    def _do_find(self, _: None) -> None:
        self._ask_memory(self._node.call(Find, "find", Find.Request(text="box")))

    def _do_save(self, _: None) -> None:
        request = MemoryFile.Request(name="walk")
        self._ask_memory(self._node.call(MemoryFile, "memory/save", request))

    def _ask_memory(self, answer: Any) -> None:
        assert answer.success == (self._state != "unconfigured"), answer
        check_sentence(answer.message)

    def _do_clear(self, _: None) -> None:
        assert self._node.call(ClearMemory, "memory/clear", ClearMemory.Request()).success

    def _do_image(self, _: None) -> None:
        if self._state == "active":
            self._node.show()

    def _told_state(self) -> str:
        return str(self._node.call(GetState, "get_state", GetState.Request()).current_state.label)

    def _told_values(self) -> dict[str, Any]:
        request = GetParameters.Request(names=self._names)
        values = self._node.call(GetParameters, "get_parameters", request).values
        told = map(parameter_value_to_python, values)
        return dict(zip(self._names, told, strict=True))


def check_walk(node: SteppedNode, steps: list[tuple[str, Any]]) -> None:
    """Walks through the steps, and on to where an image is answered."""
    walk = Walk(node)
    for kind, value in steps:
        walk.step(kind, value)
    walk.end()
