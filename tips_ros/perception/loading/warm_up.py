# SPDX-License-Identifier: Apache-2.0
"""A first frame for a GPU, so that no camera's frame waits for what is done but once."""

from __future__ import annotations

import numpy as np

from tips_ros.perception.predictor import Predictor


def warm_up(predictor: Predictor, *sizes: tuple[int, int]) -> None:
    """Predicts a grey picture of each size with all the model can, and throws it away.

    Libraries are loaded then, kernels chosen and compiled, and frames recorded: seconds of work. On
    a CPU there is next to nothing of it, and nothing is done.

    Args:
        predictor: its model on the device.
        sizes: (h, w) of pictures that will come; that of the network's input if none.
    """
    if predictor.device.type != "cuda":
        return
    for height, width in sizes or [predictor.input_size]:
        grey = np.full((height, width, 3), 128, np.uint8)
        predictor.predict(grey, predictor.outputs)
