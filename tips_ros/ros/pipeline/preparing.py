# SPDX-License-Identifier: Apache-2.0
"""The first pass of its kind: what it needs but once is done before it, and told.

A GPU records a pass for each size of pictures and each set of outputs, which takes seconds. The
frames that it is recorded with are old by then.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from tips_ros.perception.image_request import ImageRequest
from tips_ros.perception.predictor import Predictor
from tips_ros.ros.pipeline.request import FrameRequest

logger = logging.getLogger(__name__)


def prepare_for(
    requests: Sequence[FrameRequest], predictor: Predictor, has_newer: Callable[[str], bool]
) -> list[FrameRequest]:
    """Prepares the model for a pass of frames, where it is not prepared.

    Args:
        requests: the frames.
        predictor: the model.
        has_newer: whether a newer image of the camera of this name has come.

    Returns:
        Those that are still to be looked at: all, or none where it took its time and a newer one
        has come after each, for which no service waits; those are counted as superseded. A part of
        them would be another pass, which is not prepared.
    """
    views = {request.camera.name: request.view for request in requests if request.view is not None}
    seen = list(views.values())
    try:
        if not seen or predictor.is_prepared(seen):
            return list(requests)
        told = "; ".join(_describe(name, view) for name, view in views.items())
        logger.info("preparing for frames that are new to the GPU, a few seconds: %s", told)
        begin = time.perf_counter()
        predictor.prepare(seen)
        logger.info("prepared in %.1f s", time.perf_counter() - begin)
    except Exception:  # the pass itself fails, too, and its frames are accounted for there
        logger.debug("not prepared", exc_info=True)
        return list(requests)
    if not all(_is_overtaken(request, has_newer) for request in requests):
        return list(requests)
    for request in requests:
        request.image.account.drop("superseded")
    return []


def _is_overtaken(request: FrameRequest, has_newer: Callable[[str], bool]) -> bool:
    """True if a newer one may go in its place."""
    return not request.queries and has_newer(request.camera.name)


def _describe(name: str, view: ImageRequest) -> str:
    height, width = view.rgb.shape[:2]
    outputs = ", ".join(sorted({*view.outputs, *(["semantic"] if view.label_spaces else [])}))
    camera = f"{name} " if name else ""
    return f"{camera}{width}x{height} with {outputs or 'features alone'}"
