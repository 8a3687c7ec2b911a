# SPDX-License-Identifier: Apache-2.0
"""Draws the figure of docs/memory.md: a rendered room from above, and where a memory has things.

    ./run exec python -m benchmarks.objects.memory_figure table docs/images/memory.jpg

A robot drives through the room, by true masks and depth with 3 % of noise or with a model, and is
then asked; the roof is off for the picture.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.figures.saving import save_figure
from benchmarks.objects.drives import Room, connected, furnished, shown
from benchmarks.objects.views import NoWords, by_model, by_truth
from tips_ros.perception.loading.prompt_encoder import PromptEncoder
from tips_ros.perception.map_pictures import Picture
from tips_ros.perception.memory.memory import Memory
from tips_ros.perception.memory.question import Answer, answers, question_of
from tips_ros.perception.memory.remembered import Remembered
from tips_ros.perception.memory.selection import Selection, select
from tips_ros.perception.objects.objects import Objects
from training.scenes.camera.pose import optical_pose, pinhole
from training.scenes.camera.render import Renderer
from training.scenes.camera.sensor import Sensor
from training.scenes.light.quality import DRAFT
from training.scenes.things import CEILING, LIGHT

_SIZE, _ABOVE_M, _HFOV_DEG = (560, 620), 12.0, 40.0
_MARK, _WAY, _INK = (255, 186, 51), (77, 140, 255), (15, 17, 21)
_CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])


def main() -> None:
    """Writes the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("text", help="what is asked for")
    add("output", type=Path)
    add("--room", type=int, default=8)
    add("--frames", type=int, default=60)
    add("--rate", type=float, default=1.5)
    add("--model", help="instead of true masks")
    args = parser.parse_args()
    room = furnished(args.room, args.frames, args.rate)
    memory, objects = Memory(), Objects()
    see = by_model(args.model) if args.model else by_truth("exact poses")
    frames: list[tuple[int, Picture]] = []
    numbers = connected(room.scene.things)
    for one in shown(room.scene, room.scene.things, numbers, room.way, (480, 640), True):
        frame, classes = see(one)
        view = objects.look(frame, classes, rgb=one.rgb)
        memory.see(view, replace(frame, world_id="map"))
        assert one.rgb is not None
        frames.append((len(view.objects), one.rgb))
    encoder = PromptEncoder(args.model) if args.model else NoWords()
    question = question_of(args.text, encoder, classes)
    found = select(answers(memory.things, question), Selection())
    print(f"{len(memory.things)} things; {args.text}: {[a.thing.number for a in found]}")
    third = len(frames) // 3  # of each third of the drive the frame that shows most things
    chosen = [max(frames[n : n + third], key=lambda f: f[0])[1] for n in (0, third, 2 * third)]
    small = [cv2.resize(one, (248, 186), interpolation=cv2.INTER_AREA) for one in chosen]
    column = np.concatenate([np.pad(one, ((0, 1), (0, 6), (0, 0))) for one in small])
    picture = _from_above(room, memory, found, args.text)
    sheet = np.concatenate([column[: _SIZE[0]], picture[: len(column)]], axis=1)
    save_figure(sheet, args.output, 84, parser)


def _from_above(room: Room, memory: Memory, found: list[Answer], text: str) -> Picture:
    plan = room.scene.plan
    camera = pinhole(_SIZE[1], _SIZE[0], _HFOV_DEG)
    pose = optical_pose(np.array([plan.length / 2, plan.width / 2, _ABOVE_M]), 90.0, -90.0, 0.0)
    things = [one for one in room.scene.things if one.label not in (CEILING, LIGHT)]
    renderer = Renderer(things, room.scene.lights, DRAFT, room.scene.sun)
    picture = renderer.render(camera, pose, 0, Sensor(read_noise=0.0, shot_noise=0.0)).rgb.copy()

    def pixels(points: NDArray[np.float64]) -> NDArray[np.int32]:
        p = (points - pose[:3, 3]) @ pose[:3, :3]
        u = camera.fx * p[:, 0] / p[:, 2] + camera.cx
        v = camera.fy * p[:, 1] / p[:, 2] + camera.cy
        return np.stack([u, v], -1).round().astype(np.int32)

    def outline(one: Remembered) -> NDArray[np.int32]:
        corners = one.centre_m + (_CORNERS * one.size_m) @ one.rotation.T
        return np.asarray(cv2.convexHull(pixels(corners)), np.int32)

    way = pixels(np.array(memory.way_m) * (1, 1, 0))
    cv2.polylines(picture, [way], False, _WAY, 3, cv2.LINE_AA)
    for rank, answer in reversed(list(enumerate(found, 1))):
        hull = outline(answer.thing)
        layer = picture.copy()
        cv2.fillConvexPoly(layer, hull, _MARK)
        picture = cv2.addWeighted(layer, 0.3, picture, 0.7, 0)
        cv2.polylines(picture, [hull], True, _MARK, 2, cv2.LINE_AA)
        x, y = pixels(answer.thing.centre_m[None])[0].tolist()
        cv2.circle(picture, (x, y), 14, _MARK, -1, cv2.LINE_AA)
        cv2.putText(picture, str(rank), (x - 6, y + 6), 0, 0.6, _INK, 2, cv2.LINE_AA)
    label = f'find "{text}"'
    cv2.rectangle(picture, (0, 0), (24 + 11 * len(label), 34), _INK, -1)
    cv2.putText(picture, label, (10, 24), 0, 0.62, _MARK, 2, cv2.LINE_AA)
    return picture


if __name__ == "__main__":
    main()
