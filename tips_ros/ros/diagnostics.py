# SPDX-License-Identifier: Apache-2.0
"""The node's state as diagnostic_msgs/DiagnosticStatus: one for the node, one for each camera.

With a single camera its numbers stand in the node's own status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from tips_ros.perception.predictor import Predictor
from tips_ros.process_memory import gpu_mib, resident_mib
from tips_ros.ros.camera_names import ONLY
from tips_ros.ros.statistics import Percentiles, Snapshot

_ERROR_LASTS_S = 5.0

Summary = tuple[bytes, str]
_RUNNING: Summary = (DiagnosticStatus.OK, "running")


class CameraState(NamedTuple):
    """What there is to say of one camera while the node is active."""

    name: str
    snapshot: Snapshot
    outputs: Sequence[str]  # topics somebody listens to
    scale: Mapping[str, str]  # facts about the depth scale in use
    doubt: str = ""  # why its depth is not to be trusted, where that is so
    paused: bool = False  # simulated time stands still: no images are to be expected


class NodeState(NamedTuple):
    """What there is to say of the node."""

    name: str
    predictor: Predictor | None  # None while not configured
    failure: str  # why a transition failed, or ""
    classes: Mapping[str, str]  # facts about the classes in force
    cameras: Sequence[CameraState]  # none while not active
    silence_s: float  # seconds without an image that count as silence; 0 is never


def statuses(state: NodeState) -> list[DiagnosticStatus]:
    """The statuses, the node's own first.

    Levels: ERROR after a failed transition or while frames fail; WARN while frames can't be used
    or what comes out is not to be trusted; STALE without images; OK else, also while inactive on
    purpose and while simulated time stands still.
    """
    summary, facts = _node_summary(state), _node_facts(state)
    if [camera.name for camera in state.cameras] == [ONLY]:
        (camera,) = state.cameras
        summary = _worse(_camera_summary(camera, state.silence_s), summary)
        return [_status(f"{state.name}: perception", summary, facts | _camera_facts(camera))]
    own = _status(f"{state.name}: perception", summary, facts)
    return [own] + [
        _status(
            f"{state.name}: camera {camera.name}",
            _camera_summary(camera, state.silence_s),
            _camera_facts(camera),
        )
        for camera in state.cameras
    ]


def _status(name: str, summary: Summary, facts: Mapping[str, str]) -> DiagnosticStatus:
    status = DiagnosticStatus(name=name, hardware_id="")
    status.level, status.message = summary
    status.values = [KeyValue(key=key, value=value) for key, value in facts.items()]
    return status


def _worse(first: Summary, second: Summary) -> Summary:
    return second if second[0] > first[0] else first


def _node_summary(state: NodeState) -> Summary:
    if state.failure:
        return DiagnosticStatus.ERROR, state.failure
    if state.predictor is None:
        return DiagnosticStatus.OK, "not configured"
    if not state.cameras:
        return DiagnosticStatus.OK, "inactive"
    if not state.predictor.description.trained:
        return DiagnosticStatus.WARN, "running; the model is untrained, its outputs mean nothing"
    if state.predictor.backend_note:
        return DiagnosticStatus.WARN, f"running; {state.predictor.backend_note}"
    return _RUNNING


def _camera_summary(camera: CameraState, silence_s: float) -> Summary:
    snapshot = camera.snapshot
    since_error = snapshot.seconds_since_error
    if since_error is not None and since_error < _ERROR_LASTS_S:
        failing = "failed" in snapshot.drops
        return (DiagnosticStatus.ERROR if failing else DiagnosticStatus.WARN), snapshot.last_error
    if camera.paused:
        return DiagnosticStatus.OK, "simulated time stands still"
    since_image = snapshot.seconds_since_image
    if since_image is None or 0.0 < silence_s < since_image:
        return DiagnosticStatus.STALE, "no images"
    if camera.doubt:
        return DiagnosticStatus.WARN, camera.doubt
    return _RUNNING


def _node_facts(state: NodeState) -> dict[str, str]:
    predictor = state.predictor
    facts = {"memory (MiB)": f"{resident_mib():.0f}"}
    if predictor is None:
        return facts
    description = predictor.description
    height, width = predictor.input_size
    facts |= {
        "model": description.name,
        "trained": str(description.trained),
        "variant": description.variant,
        "device": str(predictor.device),
        "precision": str(predictor.precision).removeprefix("torch."),
        "backend": predictor.backend,
        "network input": f"{width}x{height}",
    }
    if predictor.backend_note:
        facts["backend note"] = predictor.backend_note
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
    }
    facts |= {f"dropped, {cause}": str(count) for cause, count in sorted(snapshot.drops.items())}
    timed = {"age": snapshot.age_s, "latency": snapshot.latency_s} | {
        f"stage {name}": percentiles for name, percentiles in snapshot.stages_s.items()
    }
    facts |= {f"{name} p50, p95 (ms)": _ms(p) for name, p in timed.items() if p}
    facts["outputs active"] = ", ".join(camera.outputs) or "none"
    return facts | dict(camera.scale) | {"last error": snapshot.last_error}


def _ms(percentiles: Percentiles) -> str:
    return f"{percentiles.p50 * 1e3:.1f}, {percentiles.p95 * 1e3:.1f}"
