# SPDX-License-Identifier: Apache-2.0
"""Those who call services: with words, transitions, parameters and questions, wise or not."""

from __future__ import annotations

import math
import random
from typing import Any

from client import Client
from findings import Findings
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetAvailableStates
from rcl_interfaces.srv import GetParameters, ListParameters, SetParametersAtomically
from rclpy.parameter import Parameter
from tips_ros.srv import Locate, SetPrompts

_WORDS = (
    *("door", "wall", "floor", "red cup", "chair: stool | bench", "plant", "person", "cat", "dog"),
    *("robot", "table", "lamp", "screen", "keyboard", "bottle", "bag", "shoe", "box", "bicycle"),
    *("window", "stairs", "rail", "sign", "cable", "wheel", "tree", "grass", "road", "sky"),
    *("water", "a very long name of a thing on the left", "tür", "door: gate"),
)
_TRANSITION_S = 60.0


class Speaker:
    """Changes the classes and asks for things."""

    def __init__(self, client: Client, cameras: list[str], findings: Findings) -> None:
        self._client, self._cameras, self._findings = client, cameras, findings

    def disturbances(self) -> list[tuple[int, Any]]:
        """Of this kind, each with a weight."""
        return [(8, self.swap), (2, self.refused), (3, self.locate), (1, self.locate_at_once)]

    def swap(self, rng: random.Random) -> str:
        """Other classes."""
        kind = rng.choice(("few", "few", "many", "@ade20k", "own"))
        words = {"few": rng.sample(_WORDS[:-1], 2), "many": list(_WORDS[:-1]), "own": []}
        prompts = words.get(kind, [kind])
        request = SetPrompts.Request(prompts=prompts)
        if prompts and rng.random() < 0.3:
            request.thresholds = [rng.random()]
        if prompts and rng.random() < 0.3:
            request.background = ["ceiling", "nothing"]
        self._client.call(SetPrompts, "set_prompts", request, within_s=40.0)
        return f"prompts: {kind}"

    def refused(self, rng: random.Random) -> str:
        """Classes that can't be."""
        request = SetPrompts.Request(prompts=["door", "wall"])
        kind = rng.choice(("empty", "twice", "list", "thresholds", "NaN", "background", "too many"))
        if kind in ("empty", "twice", "list"):
            bad = {"empty": ["  "], "twice": ["door", "door"], "list": ["@no such list"]}
            request.prompts = bad[kind]
        elif kind == "too many":
            request.prompts = [f"thing {i}" for i in range(400)]
        elif kind == "background":
            request.background = [""]
        else:
            request.thresholds = [math.nan] if kind == "NaN" else [0.1, 0.2, 0.3]
        answer = self._client.call(SetPrompts, "set_prompts", request, within_s=40.0)
        if answer is not None and (answer.success or not answer.message):
            self._findings.add(f"prompts that can't be ({kind}) were taken: {answer}")
        return f"refused prompts: {kind}"

    def locate(self, rng: random.Random) -> str:
        """One question, sensible or absurd."""
        request = Locate.Request(prompt=rng.choice(_WORDS), timeout_s=rng.uniform(0.1, 4.0))
        kind = rng.choice(("good", "timeout", "prompt", "frame", "score", "count"))
        if kind == "timeout":
            request.timeout_s = rng.choice((1e10, -1.0, math.nan, math.inf, 1e-30, 0.0))
        elif kind == "prompt":
            request.prompt = rng.choice(("", " : ", "@ade20k", "x" * 5000, "\x00", ": |"))
        elif kind == "frame":
            request.target_frame = rng.choice(("nowhere", "/", "base_link"))
        elif kind == "score":
            request.min_score = rng.choice((math.nan, 2.0, -1.0))
        else:
            request.max_regions = 2**32 - 1
        answer = self._client.call(Locate, self._service(rng), request, within_s=90.0)
        if answer is not None and not answer.success and not answer.message:
            self._findings.add(f"locate failed without a reason: {request}")
        return f"locate: {kind}"

    def locate_at_once(self, rng: random.Random) -> str:
        """More questions at a time than a node should hold threads for."""
        service = self._service(rng)
        request = Locate.Request(prompt=rng.choice(_WORDS), timeout_s=rng.uniform(0.1, 3.0))
        count = rng.choice((10, 40, 80))
        futures = [self._client.send(Locate, service, request) for _ in range(count)]
        for future in futures:
            self._client.answer(future, service, 60.0)
        return f"{count} questions at once"

    def _service(self, rng: random.Random) -> str:
        camera = rng.choice(self._cameras)
        return f"{camera}/locate" if camera else "locate"


class Manager:
    """A lifecycle manager, not always in its right mind."""

    def __init__(self, client: Client, findings: Findings) -> None:
        self._client, self._findings = client, findings

    def disturbances(self) -> list[tuple[int, Any]]:
        """Of this kind, each with a weight."""
        return [(4, self.pause), (2, self.reload), (3, self.wrong), (2, self.look)]

    def pause(self, rng: random.Random) -> str:
        """Deactivates and activates."""
        self.change(Transition.TRANSITION_DEACTIVATE)
        self.change(Transition.TRANSITION_ACTIVATE)
        return "deactivate, activate"

    def reload(self, rng: random.Random) -> str:
        """All the way down and up."""
        self.change(Transition.TRANSITION_DEACTIVATE)
        self.change(Transition.TRANSITION_CLEANUP)
        self.change(Transition.TRANSITION_CONFIGURE)
        self.change(Transition.TRANSITION_ACTIVATE)
        return "deactivate, cleanup, configure, activate"

    def wrong(self, rng: random.Random) -> str:
        """A transition that is not for this state, or none at all."""
        # 5, 6 and 7 shut it down for good, which is another matter.
        number = rng.choice((0, 1, 2, 3, 4, 8, 10, 30, 40, 60, 99, 255))
        label = rng.choice(("", "", "", "configure", "activate", "no such thing"))
        self.change(number, label)
        return f"transition {number} {label}"

    def look(self, rng: random.Random) -> str:
        """Only asks."""
        self._client.state()
        request = GetAvailableStates.Request()
        self._client.call(GetAvailableStates, "get_available_states", request)
        return "states asked for"

    def change(self, number: int, label: str = "") -> bool:
        """Asks for a transition; whether it was done."""
        request = ChangeState.Request(transition=Transition(id=number, label=label))
        answer = self._client.call(ChangeState, "change_state", request, within_s=_TRANSITION_S)
        return answer is not None and answer.success

    def activate(self) -> bool:
        """From wherever it is; whether it is active now."""
        for _ in range(6):
            state = self._client.state()
            if state == "active":
                return True
            if state == "unconfigured":
                self.change(Transition.TRANSITION_CONFIGURE)
            elif state == "inactive":
                self.change(Transition.TRANSITION_ACTIVATE)
        return False


class Tuner:
    """Sets parameters."""

    GOOD: tuple[dict[str, Any], ...] = (
        {"output_scale": 0.5},
        {"output_scale": 1.0, "points.stride": 2},
        {"points.min_range_m": 0.1, "points.max_range_m": 9.0},
        {"points.include": ["door", "wall"]},
        {"points.exclude": ["unlabelled"], "points.edge_jump": 0.05},
        {"points.roi": [0.1, 0.1, 0.5, 0.5]},
        {"points_filtered.target_frame": "base_link"},
        {"points_filtered.target_frame": ""},
        {"extrinsics.xyz": [0.0, 0.0, 1.0], "extrinsics.rpy": [0.0, 0.0, 0.0]},
        {"rotation_deg": 90},
        {"rotation_deg": 180, "rectified": True},
        {"depth.scale_source": "sensor"},
        {"depth.scale_source": "fixed", "depth.fixed_scale": 2.0},
        {"depth.scale_source": "model"},
        {"max_age_s": 0.2},
        {"unsubscribe_after_s": 0.5, "silence_warning_s": 0.5},
        {"cameras_window_s": 0.3},
        {"semantic.overlay_alpha": 1.0},
        {"prompts": ["door", "chair"], "prompt_background": ["wall"]},
        {"prompts": ["door"], "prompt_sliding_window": True},
        {"prompt_thresholds": [0.5]},
        {"use_sim_time": True},
        {"use_sim_time": False},
    )
    BAD: tuple[dict[str, Any], ...] = (
        {"output_scale": 0.0},
        {"output_scale": math.nan},
        {"output_scale": "one"},
        {"points.stride": 0, "max_age_s": -1.0},
        {"rotation_deg": 45},
        {"prompts": ["door", "door"]},
        {"prompts": 5},
        {"prompt_thresholds": [2.0]},
        {"points.roi": [1.0, 2.0]},
        {"no.such.parameter": 1},
        {"depth.scale_source": "guess"},
        {"extrinsics.rpy": [math.inf, 0.0, 0.0]},
        {"cameras": ["x"]},
    )
    # To be set back where work is to go on as usual.
    USUAL: dict[str, Any] = {
        "output_scale": 1.0,
        "points.stride": 1,
        "points.min_range_m": 0.0,
        "points.max_range_m": 0.0,
        "points.edge_jump": 0.0,
        "max_age_s": 0.0,
        "cameras_window_s": 0.01,
        "unsubscribe_after_s": 5.0,
        "points_filtered.target_frame": "",
        "rotation_deg": 0,
        "rectified": False,
        "depth.scale_source": "focal",
        "prompt_sliding_window": False,
        "prompts": Parameter("", Parameter.Type.STRING_ARRAY, []),
        "prompt_background": Parameter("", Parameter.Type.STRING_ARRAY, []),
        "prompt_thresholds": Parameter("", Parameter.Type.DOUBLE_ARRAY, []),
    }

    def __init__(self, client: Client, findings: Findings) -> None:
        self._client, self._findings = client, findings

    def make_usual(self, **values: Any) -> None:
        """Sets all back, and these."""
        self._client.set(**self.USUAL, **values)

    def disturbances(self) -> list[tuple[int, Any]]:
        """Of this kind, each with a weight."""
        return [(5, self.good), (4, self.bad), (1, self.typeless), (1, self.read)]

    def good(self, rng: random.Random) -> str:
        """What may be, at least for some node."""
        values = rng.choice(self.GOOD)
        self._client.set(**values)
        return f"set {values}"

    def bad(self, rng: random.Random) -> str:
        """What may not be."""
        values = rng.choice(self.BAD)
        taken = self._client.set(**values)
        # Words are looked at with the model: while there is none, when it is configured.
        if all(taken) and taken and not any(name.startswith("prompt") for name in values):
            self._findings.add(f"taken: {values}")
        return f"set {values}"

    def typeless(self, rng: random.Random) -> str:
        """Without a type: deleted, as rclpy has it."""
        name = rng.choice((*self.USUAL, "prompts", "use_sim_time", "", "a.b"))
        request = SetParametersAtomically.Request()
        request.parameters = [Parameter(name).to_parameter_msg()]
        self._client.call(SetParametersAtomically, "set_parameters_atomically", request)
        return f"set {name!r} to nothing"

    def read(self, rng: random.Random) -> str:
        """Asks for names and values."""
        self._client.call(ListParameters, "list_parameters", ListParameters.Request())
        names = [*self.USUAL, "no.such.parameter"][: rng.randrange(12)]
        self._client.call(GetParameters, "get_parameters", GetParameters.Request(names=names))
        return "parameters read"
