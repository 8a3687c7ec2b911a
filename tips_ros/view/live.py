# SPDX-License-Identifier: Apache-2.0
"""The live node as a scene: drawn as its messages come, laid out anew when new kinds of them do."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Collection, Mapping
from contextlib import ExitStack

from tips_ros.replay.graph import RosSession
from tips_ros.replay.live_topics import LiveTopics
from tips_ros.replay.prompt_caller import PromptCaller
from tips_ros.view.layout import layout
from tips_ros.view.scene import Kind, Scene
from tips_ros.view.topics import TopicDrawer, drawn_topics

logger = logging.getLogger(__name__)


class LiveScene:
    """A scene that a node's messages come into; `look` is to be called every second or so."""

    def __init__(
        self, scene: Scene, node_name: str, topics: Collection[str] | None, stack: ExitStack
    ) -> None:
        """Joins the graph.

        Args:
            scene: to draw in.
            node_name: of the node, in full.
            topics: names of its outputs below it that are wanted; None for all that can be shown.
            stack: closes what is opened here.
        """
        self._scene = scene
        self._name = f"/{node_name.strip('/')}"
        self._wanted = topics
        drawer = TopicDrawer(scene)
        session = stack.enter_context(RosSession("tips_view_live"))
        self._live = LiveTopics(session.node, self._name, self._choose, drawer.draw)
        self._prompts = PromptCaller(session.node, self._name)
        self._was_there: bool | None = None
        self._laid_out: object = None

    def look(self) -> None:
        """Subscribes to what is new, and lays it out; says when the node comes or goes."""
        is_there = self._live.look()
        if is_there != self._was_there:
            word = "is there" if is_there else "is not there; start tips_node, or name it by --node"
            logger.info("%s %s", self._name, word)
            self._was_there = is_there
        kinds = {n: k for n, k in dict(self._scene.kinds).items() if k is not Kind.OTHER}
        state = (frozenset(kinds), self._scene.eye_pose()[0], self._scene.timeline)
        if kinds and state != self._laid_out:
            self._laid_out = state
            self._scene.recording.send_blueprint(layout(self._scene, live=True))

    def read_prompts(self) -> None:
        """Takes each line of standard input as prompts for the node, in a thread of its own."""
        if not sys.stdin.closed:
            threading.Thread(target=self._read, name="tips prompts", daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin:
            print(self._prompts.call(line.strip()), flush=True)

    def _choose(self, types: Mapping[str, str]) -> Collection[str]:
        drawn = drawn_topics(types.items())
        if self._wanted is None:
            return drawn
        below = f"{self._name}/"
        return [
            topic
            for topic in drawn
            if not topic.startswith(below)
            or topic.endswith(("semantic/classes", *self._wanted))
        ]
