# SPDX-License-Identifier: Apache-2.0
"""A whole demonstration: the node in its own process, a bag played to it, the answers recorded."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tips_ros.bags import BagReader, BagWriter, CameraTopics, find_camera
from tips_ros.demo.live_numbers import SHOWN, LiveNumbers, measure_pace, read_numbers
from tips_ros.demo.node_process import NodeProcess
from tips_ros.demo.observer import DemoProgress, Observer
from tips_ros.demo.recorded_answers import ANSWERS, CLASSES, NODE
from tips_ros.demo.result import DemoResult, count_output, most_complete_stamp
from tips_ros.errors import UserError
from tips_ros.messages.outputs import DEFAULT_TOPICS
from tips_ros.messages.types import CLASS_MAP, DEPTH_INFO, LABEL_INFO
from tips_ros.offline.truth.truth_topics import NAMESPACE as TRUTH
from tips_ros.perception.description import caution_of
from tips_ros.perception.loading.load import find_model
from tips_ros.progress import WorkProgress
from tips_ros.replay.domain import own_graph_environment
from tips_ros.replay.graph import RosSession
from tips_ros.replay.node_monitor import NodeMonitor, NodeReport
from tips_ros.replay.player import BagPlayer, offered_qos
from tips_ros.replay.recorder import Recorder
from tips_ros.ros.topics import qos
from tips_ros.ros.transport_profile import transport_environment

_OUTPUTS = {f"{ANSWERS}/{topic.name}": topic.type for topic in DEFAULT_TOPICS}
_LATCHED = {
    f"{ANSWERS}/depth/info": DEPTH_INFO,
    CLASSES: CLASS_MAP,
    f"{ANSWERS}/semantic/label_info": LABEL_INFO,
}
_DIAGNOSTICS = {"/diagnostics": "diagnostic_msgs/msg/DiagnosticArray"}
_TRANSFORMS = ("/tf", "/tf_static")

_INPUT_DEPTH = 10
_POLL_S = 0.05
_START_PATIENCE_S = 180.0  # a large model from a slow disk
_MATCH_PATIENCE_S = 10.0
_HEADLESS_PATIENCE_S = 2.0  # a model may lack a head: those topics never come
_FRAME_PATIENCE_S = 120.0  # the largest model on a small computer
_QUIET_S = 1.0
_LAST_MESSAGES_PATIENCE_S = 20.0


@dataclass(frozen=True)
class DemoOptions:
    """Options of a demonstration.

    Attributes:
        bag: the bag to play.
        recording: the mcap file to write, with every message; one that is there is replaced.
        model: name or directory.
        device: as torch names it.
        image_topic: the camera's images, where the bag has several.
        camera_info_topic: its CameraInfo, where that is not found by its name.
        rate: bag seconds per second.
    """

    bag: Path
    recording: Path
    model: str
    device: str = "auto"
    image_topic: str | None = None
    camera_info_topic: str | None = None
    rate: float = 1.0


def run_session(options: DemoOptions, observer: Observer | None = None) -> DemoResult:
    """Plays the bag to a node and records it and what the node answers.

    Raises:
        UserError: the node does not start, or ends early, with its reason; or the recording
            cannot be written.
        BagError: the bag cannot be read, or has no camera to choose.
    """
    recording = options.recording
    if recording.is_dir():
        raise UserError(f"{recording} is a folder; remove it, or choose another --output")
    recording.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        reader = stack.enter_context(BagReader(options.bag))
        # Beside its final place, so that the recording gets there in one step.
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix=f".{recording.stem}.", dir=recording.parent)
            )
        )
        return _Session(options, reader, folder, observer or Observer()).run(stack)


class _Session:
    def __init__(
        self, options: DemoOptions, reader: BagReader, folder: Path, observer: Observer
    ) -> None:
        self._options = options
        self._reader = reader
        self._folder = folder
        self._observer = observer
        self._camera = find_camera(
            reader,
            options.image_topic,
            camera_info_topic=options.camera_info_topic,
            ignore_namespace=TRUTH,
        )
        self._live = _live_topics(reader, self._camera)

    def run(self, stack: ExitStack) -> DemoResult:
        environment = own_graph_environment()
        self._observer.graph(environment)
        environment |= transport_environment(smaller_in=self._folder)
        graph = stack.enter_context(RosSession("tips_demo", environment))
        self._process = stack.enter_context(self._node_process(environment))
        self._watch = NodeMonitor(graph.node, NODE)
        with WorkProgress("starting the node", delay_s=1.0):
            self._wait_until_active()
        self._player = BagPlayer(graph.node, self._reader, self._live, rate=self._options.rate)
        bag = self._folder / self._options.recording.stem
        self._store = self._reader.copy_typestore
        with (
            BagWriter(bag, typestore=self._store, results_of="demo") as writer,
            self._record(graph, writer),
        ):
            self._connect()
            began_s = time.monotonic()
            self._player.play(progress=lambda message: self._check())
            seconds = time.monotonic() - began_s
            report = self._wait_for_answers()
        # A file alone is a whole bag: the folder's metadata.yaml is inside it, too.
        os.replace(next(bag.glob("*.mcap")), self._options.recording)
        return self._result(report, seconds)

    def _node_process(self, environment: dict[str, str]) -> NodeProcess:
        image = self._live[self._camera.image]
        base = image.removesuffix("/compressed") if self._camera.compressed else image
        info = self._camera.camera_info
        # The middleware's own queue of one would replace frames that the node then can't count.
        subscription = f"qos_overrides.{image}.subscription"
        offered = offered_qos(self._reader.topics[self._camera.image])
        return NodeProcess(
            self._folder,
            parameters={
                "model": self._options.model,
                "device": self._options.device,
                "image_transport": "compressed" if self._camera.compressed else "raw",
                f"{subscription}.depth": _INPUT_DEPTH,
                f"{subscription}.reliability": offered.reliability.name.lower(),
            },
            remappings={
                "image": base,
                "camera_info": self._live[info]
                if info
                else f"{base.rpartition('/')[0]}/camera_info",
            },
            environment=environment,
        )

    def _wait_until_active(self) -> None:
        deadline = time.monotonic() + _START_PATIENCE_S
        while self._watch.state() != "active":
            report = self._watch.report
            if self._process.ended:
                raise UserError(f"the node ended: {self._process.last_words()}")
            if report is not None and report.failed:
                raise UserError(f"the node did not start: {report.message}")
            if time.monotonic() > deadline:
                state = self._watch.state() or "unknown: it did not answer"
                raise UserError(
                    f"the node was not active after {_START_PATIENCE_S:.0f} s (its state: "
                    f"{state}); its last word: {self._process.last_words()}"
                )
            time.sleep(_POLL_S)

    @contextmanager
    def _record(self, graph: RosSession, writer: BagWriter) -> Iterator[None]:
        played = {live: self._reader.topics[n].type for n, live in self._player.live_topics.items()}
        self._recorder = Recorder(
            graph.node,
            {**played, **_OUTPUTS, **_LATCHED, **_DIAGNOSTICS},
            writer,
            qos={**self._player.qos, **dict.fromkeys(_LATCHED, qos.latched())},
            keep=SHOWN,
        )
        try:
            yield
        finally:
            self._recorder.close()

    def _connect(self) -> None:
        """Everybody sees everybody before the first message, so that none is lost."""
        self._recorder.wait_for_publishers(_OUTPUTS.keys(), _HEADLESS_PATIENCE_S)
        node_listens = {self._camera.image, self._camera.camera_info}
        missing = self._player.wait_for_subscribers(
            {
                live: (name in node_listens) + (live in self._recorder.topics)
                for name, live in self._player.live_topics.items()
            },
            _MATCH_PATIENCE_S,
        )
        if missing:
            raise UserError(
                f"the node does not listen to {', '.join(missing)}: {self._process.last_words()}"
            )

    def _check(self) -> None:
        """Tells how far it is; raises what makes going on useless."""
        if self._process.ended:
            raise UserError(f"the node ended while it worked: {self._process.last_words()}")
        if self._recorder.error is not None:
            raise UserError(f"{self._options.recording}: {self._recorder.error}")
        self._observer.frames(
            DemoProgress(
                self._player.counts[self._camera.image],
                self._recorder.counts[self._busiest()],
                self._reader.topics[self._camera.image].count,
            )
        )
        self._observer.numbers(self._read_numbers)

    def _busiest(self) -> str:
        """The output that came most often: a model may lack a head."""
        return max(_OUTPUTS, key=lambda name: self._recorder.counts[name])

    def _read_numbers(self) -> LiveNumbers:
        name = self._busiest()
        images = self._player.published[self._camera.image]
        pace = measure_pace(self._recorder.arrived[name], images, time.monotonic())
        return read_numbers(self._recorder.counts[name], pace, self._watch.report, self._last)

    def _last(self, topic: str) -> Any:
        """The last message on one of the node's topics; None before the first."""
        data = self._recorder.last.get(topic)
        if data is None:
            return None
        return self._store.deserialize_cdr(data, {**_OUTPUTS, **_LATCHED}[topic])

    def _wait_for_answers(self) -> NodeReport:
        """Waits until the node has accounted for every frame and its last messages are there."""
        played = self._player.counts[self._camera.image]
        report, changed_s = self._next_report(), time.monotonic()
        while not (report.all_accounted and report.received >= played):
            previous, report = report, self._next_report()
            if (report.received, report.published) != (previous.received, previous.published):
                changed_s = time.monotonic()
            elif report.all_accounted or time.monotonic() > changed_s + _FRAME_PATIENCE_S:
                break  # the missing frames were lost on the way, or the node hangs
        deadline = time.monotonic() + _LAST_MESSAGES_PATIENCE_S
        while self._recorder.quiet_s(_OUTPUTS.keys()) < _QUIET_S and time.monotonic() < deadline:
            self._check()
            time.sleep(_POLL_S)
        return report

    def _next_report(self) -> NodeReport:
        """Waits for diagnostics made from now on; the node sends them every second."""
        now = time.monotonic()
        while self._watch.report is None or self._watch.report.at <= now:
            self._check()
            if time.monotonic() > now + _FRAME_PATIENCE_S:
                raise UserError(f"the node does not answer: {self._process.last_words()}")
            time.sleep(_POLL_S)
        return self._watch.report

    def _caution(self) -> str:
        """The caution in the model's directory; the node has loaded it."""
        knows = find_model(self._options.model)[0].settings.knows
        return caution_of(self._options.model, knows or "")

    def _result(self, report: NodeReport, seconds: float) -> DemoResult:
        images = self._player.published[self._camera.image]
        arrived = self._recorder.arrived
        # Images that were not recorded can't be shown, and of several with one stamp nothing
        # says which of them an answer is about.
        recorded, times = np.unique(
            arrived[self._live[self._camera.image]].stamps_ns, return_counts=True
        )
        shown = recorded[times == 1]
        return DemoResult(
            bag=self._options.bag,
            recording=self._options.recording,
            image_topic=self._camera.image,
            live_image_topic=self._live[self._camera.image],
            camera_info_topic=self._camera.camera_info,
            frames_played=len(images),
            seconds=seconds,
            outputs=tuple(
                count_output(name.removeprefix(f"{ANSWERS}/"), arrived[name], images)
                for name in _OUTPUTS
            ),
            report=report,
            complaints=tuple(self._process.complaints()),
            caution=self._caution(),
            sheet_stamp_ns=most_complete_stamp(
                {name: np.intersect1d(arrived[name].stamps_ns, shown) for name in _OUTPUTS},
                images.stamps_ns,
            ),
        )


def _live_topics(reader: BagReader, camera: CameraTopics) -> dict[str, str]:
    """Bag topic → live topic, of what the node and a viewer need."""
    live = {camera.image: camera.image}
    if camera.compressed and not camera.image.endswith("/compressed"):
        # The node expects compressed images where image_transport puts them.
        live[camera.image] = f"{camera.image}/compressed"
    if camera.camera_info is not None:
        live[camera.camera_info] = camera.camera_info
    return live | {name: name for name in _TRANSFORMS if name in reader.topics}
