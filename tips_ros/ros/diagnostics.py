# SPDX-License-Identifier: Apache-2.0
"""The node's state as a diagnostic_msgs/DiagnosticStatus."""

from __future__ import annotations

from collections.abc import Mapping

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from tips_ros.perception.predictor import Predictor
from tips_ros.ros.statistics import Percentiles, Snapshot

_ERROR_LASTS_S = 5.0


def status(
    name: str,
    snapshot: Snapshot | None,
    predictor: Predictor | None,
    silence_s: float,
    failure: str,
    classes: Mapping[str, str],
) -> DiagnosticStatus:
    """One status.

    Levels: ERROR after a failed configuration or while frames fail; WARN while frames can't be
    used; STALE without images; OK else, also while inactive on purpose.

    Args:
        name: the node's name.
        snapshot: counters since activation; None while not active.
        predictor: the model; None while not configured.
        silence_s: seconds without an image that count as silence; 0 is never.
        failure: why configuring failed, or "".
        classes: facts about the classes in force.
    """
    result = DiagnosticStatus(name=f"{name}: perception", hardware_id="")
    result.level, result.message = _summary(snapshot, predictor, silence_s, failure)
    values = _model_values(predictor) | dict(classes) | _frame_values(snapshot)
    result.values = [KeyValue(key=key, value=value) for key, value in values.items()]
    return result


def _summary(
    snapshot: Snapshot | None, predictor: Predictor | None, silence_s: float, failure: str
) -> tuple[bytes, str]:
    if failure:
        return DiagnosticStatus.ERROR, failure
    if predictor is None:
        return DiagnosticStatus.OK, "not configured"
    if snapshot is None:
        return DiagnosticStatus.OK, "inactive"
    since_error = snapshot.seconds_since_error
    if since_error is not None and since_error < _ERROR_LASTS_S:
        failing = "failed" in snapshot.drops
        return (DiagnosticStatus.ERROR if failing else DiagnosticStatus.WARN), snapshot.last_error
    since_image = snapshot.seconds_since_image
    if since_image is None or 0.0 < silence_s < since_image:
        return DiagnosticStatus.STALE, "no images"
    if not predictor.description.trained:
        return DiagnosticStatus.WARN, "running; the model is untrained, its outputs mean nothing"
    return DiagnosticStatus.OK, "running"


def _model_values(predictor: Predictor | None) -> dict[str, str]:
    if predictor is None:
        return {}
    description = predictor.description
    height, width = predictor.input_size
    return {
        "model": description.name,
        "trained": str(description.trained),
        "variant": description.variant,
        "device": str(predictor.device),
        "precision": str(predictor.dtype).removeprefix("torch."),
        "network input": f"{width}x{height}",
        "depth scale": "model",
    }


def _frame_values(snapshot: Snapshot | None) -> dict[str, str]:
    if snapshot is None:
        return {}
    values = {
        "input rate (Hz)": f"{snapshot.rate_hz:.1f}",
        "frames received": str(snapshot.received),
        "frames published": str(snapshot.published),
    }
    values |= {f"dropped, {cause}": str(count) for cause, count in sorted(snapshot.drops.items())}
    timed = {"age": snapshot.age_s, "latency": snapshot.latency_s} | {
        f"stage {name}": percentiles for name, percentiles in snapshot.stages_s.items()
    }
    values |= {f"{name} p50, p95 (ms)": _ms(p) for name, p in timed.items() if p}
    values["last error"] = snapshot.last_error
    return values


def _ms(percentiles: Percentiles) -> str:
    return f"{percentiles.p50 * 1e3:.1f}, {percentiles.p95 * 1e3:.1f}"
