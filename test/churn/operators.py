# SPDX-License-Identifier: Apache-2.0
"""Those who call services: with words, questions and transitions, wise or not."""

from __future__ import annotations

import math
import random
from typing import Any

from client import Client
from findings import Findings
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetAvailableStates
from tips_ros.srv import Locate, SetPrompts

_WORDS = (
    *("door", "wall", "floor", "red cup", "chair: stool | bench", "plant", "person", "cat", "dog"),
    *("robot", "table", "lamp", "screen", "keyboard", "bottle", "bag", "shoe", "box", "bicycle"),
    *("window", "stairs", "rail", "sign", "cable", "wheel", "tree", "grass", "road", "sky"),
    *("water", "a very long name of a thing on the left", "tür", "door: gate"),
)
_TRANSITION_S = 120.0


class Speaker:
    """Changes the classes and asks for things."""

    def __init__(self, client: Client, cameras: list[str], findings: Findings) -> None:
        self._client, self._cameras, self._findings = client, cameras, findings

    def disturbances(self) -> list[tuple[int, Any]]:
        """Disturbances of this kind, each with a weight."""
        return [(8, self.swap), (2, self.refused), (3, self.locate), (1, self.locate_at_once)]

    def swap(self, rng: random.Random) -> str:
        """Sets other classes."""
        kind = rng.choice(("few", "few", "many", "@ade20k", "own"))
        words = {"few": rng.sample(_WORDS[:-1], 2), "many": list(_WORDS[:-1]), "own": []}
        prompts = words.get(kind, [kind])
        request = SetPrompts.Request(prompts=prompts)
        if prompts and rng.random() < 0.3:
            request.thresholds = [rng.random()]
        if prompts and rng.random() < 0.3:
            request.background = ["ceiling", "nothing"]
        self._client.call(SetPrompts, "set_prompts", request)
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
        answer = self._client.call(SetPrompts, "set_prompts", request)
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
        answer = self._client.call(Locate, self._service(rng), request, within_s=180.0)
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
            self._client.answer(future, service)
        return f"{count} questions at once"

    def _service(self, rng: random.Random) -> str:
        camera = rng.choice(self._cameras)
        return f"{camera}/locate" if camera else "locate"


class Manager:
    """A lifecycle manager, not always in its right mind."""

    def __init__(self, client: Client, findings: Findings) -> None:
        self._client, self._findings = client, findings

    def disturbances(self) -> list[tuple[int, Any]]:
        """Disturbances of this kind, each with a weight."""
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
        """Brings the node back from any state; whether it is active now."""
        for _ in range(6):
            state = self._client.state()
            if state == "active":
                return True
            if state == "unconfigured":
                self.change(Transition.TRANSITION_CONFIGURE)
            elif state == "inactive":
                self.change(Transition.TRANSITION_ACTIVATE)
        return False
