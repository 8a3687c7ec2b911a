# SPDX-License-Identifier: Apache-2.0
"""The node's state as diagnostic_msgs/DiagnosticStatus: one for the node, one for each camera.

With a single camera its numbers stand in the node's own status. Keys are the same in each report,
in the same order, with one number each; one that nobody can tell is empty.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from tips_ros.messages.outputs import TOPICS
from tips_ros.messages.sensor_messages import OUTCOMES
from tips_ros.perception.loading.precisions import precision_name
from tips_ros.perception.predictor import Predictor
from tips_ros.process.memory import gpu_mib, resident_mib
from tips_ros.ros.health.statistics import DROPS, STAGES, Percentiles, Snapshot
from tips_ros.ros.topics.names import ONLY

_ERROR_LASTS_S = 5.0

Summary = tuple[bytes, str]
_RUNNING: Summary = (DiagnosticStatus.OK, "running")
# Causes that frames are dropped for: level while they last.
_FAILING = {"failed": DiagnosticStatus.ERROR}


class CameraState(NamedTuple):
    """All that diagnostics say of one camera."""

    name: str
    snapshot: Snapshot
    outputs: Sequence[str]  # topics somebody listens to
    scale: Mapping[str, str]  # facts about the depth scale in use
    doubt: str = ""  # why its depth is not to be trusted, where that is so
    paused: bool = False  # simulated time stands still: no images are to be expected
    topic: str = ""  # of its images
    active: bool = True
    listening_s: float | None = 0.0  # for how long it has been subscribed; None: it rests
    clock_missing: bool = False  # use_sim_time is set, and nothing came on /clock
    clock_running_s: float = float("inf")  # since simulated time began or went on

    @property
    def silent_s(self) -> float | None:
        """Seconds for which an image has been missing; None where none is to be expected."""
        if not self.active or self.paused or self.listening_s is None:
            return None
        since = self.snapshot.seconds_since_image
        awaited_s = min(self.listening_s, self.clock_running_s)
        return awaited_s if since is None else min(since, awaited_s)


class NodeState(NamedTuple):
    """All that diagnostics say of the node."""

    name: str  # with its namespace, without the leading slash
    predictor: Predictor | None  # None while not configured
    failure: str  # why a transition failed, or ""
    classes: Mapping[str, str]  # facts about the classes in force
    cameras: Sequence[CameraState]
    silence_s: float  # seconds without an image that count as silence; 0 is never
    active: bool = True


def statuses(state: NodeState) -> list[DiagnosticStatus]:
    """The statuses, the node's own first.

    Levels: ERROR after a failed transition or while frames fail; WARN while frames can't be used,
    none come, or what comes out is not to be trusted; OK else, also while inactive on purpose,
    while nobody wants an output and while simulated time stands still. STALE is the aggregator's
    word for a node that says nothing.
    """
    summary, facts = _node_summary(state), _node_facts(state)
    host = platform.node() or "none"
    if [camera.name for camera in state.cameras] == [ONLY]:
        (camera,) = state.cameras
        summary = _worse(summary, _camera_summary(camera, state.silence_s))
        facts |= _camera_facts(camera)
        return [_status(f"{state.name}: perception", host, summary, facts)]
    own = _status(f"{state.name}: perception", host, summary, facts)
    return [own] + [
        _status(
            f"{state.name}: camera {camera.name}",
            camera.topic or host,
            _camera_summary(camera, state.silence_s),
            _camera_facts(camera),
        )
        for camera in state.cameras
    ]


def _status(
    name: str, hardware: str, summary: Summary, facts: Mapping[str, str]
) -> DiagnosticStatus:
    status = DiagnosticStatus(name=name, hardware_id=hardware)
    status.level, status.message = summary
    status.values = [KeyValue(key=key, value=value) for key, value in facts.items()]
    return status


def _worse(first: Summary, second: Summary) -> Summary:
    """The one of the higher level; of two that are alike, the second where it says more."""
    if second[0] == first[0]:
        return first if first != _RUNNING else second
    return second if second[0] > first[0] else first


def _node_summary(state: NodeState) -> Summary:
    if state.failure:
        return DiagnosticStatus.ERROR, state.failure
    if state.predictor is None:
        return DiagnosticStatus.OK, "not configured"
    if not state.active:
        return DiagnosticStatus.OK, "inactive"
    if not state.predictor.description.trained:
        return DiagnosticStatus.WARN, "running; the model is untrained, its outputs mean nothing"
    if state.predictor.backend_note:
        return DiagnosticStatus.WARN, f"running; {state.predictor.backend_note}"
    return _RUNNING


def _camera_summary(camera: CameraState, silence_s: float) -> Summary:
    if not camera.active:
        return DiagnosticStatus.OK, "inactive"
    failure = camera.snapshot.failure
    if failure is not None and failure.seconds_ago < _ERROR_LASTS_S:
        return _FAILING.get(failure.cause, DiagnosticStatus.WARN), failure.reason
    if camera.clock_missing:
        return DiagnosticStatus.WARN, "use_sim_time is set, and nothing has come on /clock"
    if camera.paused:
        return DiagnosticStatus.OK, "simulated time stands still"
    if camera.listening_s is None:
        return DiagnosticStatus.OK, "resting: nobody wants an output"
    silent_s = camera.silent_s
    if camera.snapshot.seconds_since_image is None or (
        silent_s is not None and 0.0 < silence_s < silent_s
    ):
        return DiagnosticStatus.WARN, f"no images on {camera.topic}"
    if camera.doubt:
        return DiagnosticStatus.WARN, camera.doubt
    return _RUNNING


def _node_facts(state: NodeState) -> dict[str, str]:
    predictor = state.predictor
    facts = dict.fromkeys(
        (
            *("memory (MiB)", "GPU memory (MiB)", "model", "trained", "variant", "device"),
            *("precision", "backend", "backend note", "network input", "classes", "classes from"),
            *("words encoded", "prompts prepared in (ms)"),
            *("memory things", "memory frame", "memory size (MB)", "memory key frames"),
            *("memory gone", "memory forgotten", "memory jumps", "memory note"),
        ),
        "",
    )
    facts["memory (MiB)"] = f"{resident_mib():.0f}"
    if predictor is None:
        return facts
    description = predictor.description
    height, width = predictor.input_size
    facts |= {
        "model": description.name,
        "trained": str(description.trained),
        "variant": description.variant,
        "device": str(predictor.device),
        "precision": precision_name(predictor.precision),
        "backend": predictor.backend,
        "backend note": predictor.backend_note,
        "network input": f"{width}x{height}",
    }
    if predictor.device.type == "cuda":
        facts["GPU memory (MiB)"] = f"{gpu_mib(predictor.device):.0f}"
    return facts | dict(state.classes)


def _camera_facts(camera: CameraState) -> dict[str, str]:
    snapshot = camera.snapshot
    facts = {
        "input rate (Hz)": f"{snapshot.rate_hz:.1f}",
        "output rate (Hz)": f"{snapshot.output_rate_hz:.1f}",
        "frames received": str(snapshot.received),
        "frames published": str(snapshot.published),
        "frames in flight": str(snapshot.in_flight),
    }
    facts |= {f"dropped, {cause}": str(snapshot.drops.get(cause, 0)) for cause in DROPS}
    facts |= {f"published, {t.name}": str(snapshot.outputs.get(t.name, 0)) for t in TOPICS}
    facts |= _milliseconds("age", snapshot.age_s) | _milliseconds("latency", snapshot.latency_s)
    for stage in STAGES:
        facts |= _milliseconds(f"stage {stage}", snapshot.stages_s.get(stage))
    facts["outputs active"] = ", ".join(camera.outputs) or "none"
    scale = dict.fromkeys(_SCALE_FACTS, "") | dict(camera.scale)
    failure = snapshot.failure
    return facts | scale | {
        "last error": failure.reason if failure else "",
        "last error ago (s)": f"{failure.seconds_ago:.0f}" if failure else "",
    }


_SCALE_FACTS = (
    "depth scale",
    "depth scale offset (m)",
    "depth scale inverse offset (1/m)",
    "depth scale source",
    "depth scale wanted",
    "depth range min (m)",
    "depth range max (m)",
    "depth scale spread (%)",
    "depth scale samples",
    "depth scale inliers",
    "depth scale note",
    *(f"depth sensor {outcome}" for outcome in OUTCOMES),
    "depth deviation fitted on",
    "temporal mode",
    "temporal labels",
    "temporal scale",
    "temporal pose",
    "temporal laid over by",
    "temporal resets",
    "temporal last reset",
)


def _milliseconds(name: str, percentiles: Percentiles | None) -> dict[str, str]:
    p50, p95 = (f"{1e3 * s:.1f}" for s in percentiles) if percentiles else ("", "")
    return {f"{name} p50 (ms)": p50, f"{name} p95 (ms)": p95}
