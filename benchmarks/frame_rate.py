#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times a frame from the camera's message to all output messages, without the middleware.

The pictures are the sample bag's. Run it with `./run exec python benchmarks/frame_rate.py`.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
from std_msgs.msg import Header

from tips_ros.bags import BagReader, find_camera
from tips_ros.messages.frame_result import FrameResult
from tips_ros.messages.outputs import DEFAULT_TOPICS, predict_for
from tips_ros.messages.types import rclpy_types_for_one_thread
from tips_ros.perception.camera.output_camera import output_camera
from tips_ros.perception.images.decoder import decode_message
from tips_ros.perception.loading.load import load_predictor
from tips_ros.resources import sample_bag

WARM_UP = 10
HEADER = Header(frame_id="camera")


def main() -> None:
    """Prints a line per stage and a JSON line with all of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="demo")
    parser.add_argument("--frames", type=int, default=60)
    args = parser.parse_args()
    times = measure(args.model, args.frames)
    medians = {stage: float(np.median(of_stage)) for stage, of_stage in times.items()}
    for stage, of_stage in times.items():
        print(f"{stage:<10}{medians[stage]:8.1f} ms  p95 {np.percentile(of_stage, 95):.1f}")
    print(f"{1e3 / medians['all']:.1f} frames a second")
    print(json.dumps({"model": args.model, "frames": args.frames, "median_ms": medians}))


def measure(model: str, frames: int) -> dict[str, list[float]]:
    """Milliseconds of each stage for each frame."""
    predictor = load_predictor(model, precision="fp32")
    label_space = predictor.model_label_space
    types = rclpy_types_for_one_thread()
    with BagReader(sample_bag()) as bag:
        camera = find_camera(bag)
        assert camera.camera_info is not None
        info = bag.deserialize(next(bag.messages([camera.camera_info])))
        images = [bag.deserialize(message) for message in bag.messages([camera.image])]
    times: dict[str, list[float]] = {"decode": [], "predict": [], "messages": [], "all": []}
    for number in range(WARM_UP + frames):
        image = images[number % len(images)]
        start = time.perf_counter()
        rgb = decode_message(image)
        decoded = time.perf_counter()
        size = rgb.shape[:2]
        prediction = predict_for(DEFAULT_TOPICS, predictor, rgb, True, 1.0, label_space)
        predicted = time.perf_counter()
        frame = FrameResult(HEADER, rgb, prediction, label_space, output_camera(info, size, size))
        for topic in DEFAULT_TOPICS:
            topic.make(types, frame)
        made = time.perf_counter()
        if number >= WARM_UP:
            steps = (decoded - start, predicted - decoded, made - predicted, made - start)
            for stage, seconds in zip(times, steps, strict=True):
                times[stage].append(seconds * 1e3)
    return times


if __name__ == "__main__":
    main()
