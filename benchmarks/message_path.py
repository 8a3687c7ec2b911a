#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times everything of a frame except the model: conversion in, conversions out, publishing.

A second process subscribes to every output, so publishing includes the middleware's work. That
process and the middleware's own threads take their share of the cores and of the memory's speed;
processor time says what the frame itself cost: `thread` is the thread that makes and publishes,
`process` all of this process, until shortly before the next frame.
Run it with `./run exec python benchmarks/message_path.py`.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
from peers import camera_info
from std_msgs.msg import Header

from tips_ros.messages.conversions import image_message
from tips_ros.messages.frame_result import FrameResult
from tips_ros.messages.outputs import DEFAULT_TOPICS
from tips_ros.messages.types import RCLPY_TYPES, rclpy_types_for_one_thread
from tips_ros.perception.camera.output_camera import output_camera
from tips_ros.perception.classes.class_files import ade20k
from tips_ros.perception.images.decoder import decode_message
from tips_ros.perception.prediction import Prediction
from tips_ros.perception.semantic.label_space import model_label_space
from tips_ros.process.freed_memory import keep_freed_memory
from tips_ros.replay.subscribers import SubscriberProcesses

THREAD, PROCESS = "processor time, thread", "processor time, process"


def main() -> None:
    """Prints a line per stage and a JSON line with all of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="640x480", help="WxH (default: %(default)s)")
    parser.add_argument("--encoding", default="bgr8", choices=("rgb8", "bgr8"))
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--pace-ms", type=float, default=50.0, help="rest between frames")
    parser.add_argument("--no-subscriber", action="store_true", help="publish to nobody")
    args = parser.parse_args()
    width, height = map(int, args.size.split("x"))
    keep_freed_memory()  # as the node does
    with SubscriberProcesses(0 if args.no_subscriber else 1) as subscribers:
        times = measure(subscribers, width, height, args.encoding, args.frames, args.pace_ms / 1e3)
    report(times, args)


def measure(
    subscribers: SubscriberProcesses,
    width: int,
    height: int,
    encoding: str,
    frames: int,
    pace_s: float,
) -> dict[str, list[float]]:
    """Milliseconds of each stage for each frame after ten to warm up; see `report`."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
    normals = rng.normal(size=(height, width, 3)).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    prediction = Prediction(
        rng.uniform(0.5, 9.5, (height, width)).astype(np.float32),
        normals,
        rng.integers(0, 150, (height, width), np.uint8),
        rng.integers(0, 256, (height, width), np.uint8),
    )
    label_space = model_label_space(ade20k())
    types = rclpy_types_for_one_thread()
    header = Header(frame_id="camera")
    image = image_message(RCLPY_TYPES, header, pixels, "rgb8")
    image.encoding = encoding
    info = camera_info(header, width, height)
    times: dict[str, list[float]] = {}

    def lap(stage: str, since: float) -> float:
        now = time.perf_counter()
        times.setdefault(stage, []).append((now - since) * 1e3)
        return now

    for number in range(frames + 10):
        if number == 10:
            times.clear()
        spent = time.thread_time(), time.process_time()
        start = at = time.perf_counter()
        rgb = decode_message(image)
        at = lap("decode", at)
        camera = output_camera(info, (height, width), (height, width))
        at = lap("camera", at)
        frame = FrameResult(header, rgb, prediction, label_space, camera)
        for topic in DEFAULT_TOPICS:
            message = topic.make(types, frame)
            at = lap(f"make {topic.name}", at)
            subscribers.publish(topic, message)
            at = lap(f"publish {topic.name}", at)
        lap("all", start)
        thread_s = time.thread_time() - spent[0]
        time.sleep(pace_s)  # a camera gives the listener this time to keep up
        process_s = time.process_time() - spent[1]
        times.setdefault(THREAD, []).append(thread_s * 1e3)
        times.setdefault(PROCESS, []).append(process_s * 1e3)
    return times


def report(times: dict[str, list[float]], args: argparse.Namespace) -> None:
    """A table for people, then one JSON line."""
    result = {
        stage: [round(float(p), 3) for p in np.percentile(values, [50, 95])]
        for stage, values in times.items()
    }
    print(f"{args.size} {args.encoding}, {args.frames} frames: median and p95 in ms")
    for stage, (median, p95) in result.items():
        print(f"  {stage:<28}{median:8.2f}{p95:8.2f}")
    settings = {k: v for k, v in vars(args).items()}
    print(json.dumps({"benchmark": "message_path", **settings, "ms": result}))


if __name__ == "__main__":
    main()
