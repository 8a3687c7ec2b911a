# SPDX-License-Identifier: Apache-2.0
"""Renders rooms in processes of their own while a model is being trained on what is there already.

Each process renders every n-th room and has a pipe of its own, so that none waits for another one
and the end of one, whatever ended it, costs the room that it was at and nothing else.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import NamedTuple

import numpy as np

from tips_ros.errors import UserError
from tips_ros.process.environment import changed_environment
from training.frames.frame_store import StoredFrame, stored
from training.render_frames import scene_frames
from training.scenes.light.rays import check_installed
from training.scenes.seeds import training_seed
from training.worker import end_with_parent

logger = logging.getLogger(__name__)

Render = Callable[[int], StoredFrame]

_NICE = 15  # training goes first where there are too few cores for all
_DEATHS = 3  # of one process after the other without a room between: it is not started again
_FAILURES = 100  # rooms one after the other: it is not these rooms that are odd
# A second one would wait for other processes. Libraries read these when they are loaded.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class _Room(NamedTuple):
    number: int
    frames: StoredFrame | None  # arrays with a first axis more; None where it can't be rendered
    reason: str = ""


class _Worker:
    """One process, and another one in its place when it is gone."""

    def __init__(self, render: Render, first: int, step: int) -> None:
        self._render, self._step, self._deaths = render, step, 0
        self.next = first
        self.start()

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, sender = context.Pipe(duplex=False)
        job = (sender, self._render, self.next, self._step)
        self._process = context.Process(target=_work, args=job, daemon=True)
        with changed_environment(_ONE_THREAD):
            self._process.start()
        sender.close()  # so that the end of the process is the end of the pipe

    def receive(self) -> _Room | None:
        """The room that is ready; None where the process is gone."""
        try:
            room = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            self._deaths += 1
            return None
        assert isinstance(room, _Room)
        self.next, self._deaths = room.number + self._step, 0
        return room

    def start_again(self) -> bool:
        """Goes on after the room at which the process ended; False where it ended too often."""
        self.pipe.close()
        logger.warning("the process that rendered room %d ended (%s); that room is left out",
                       self.next, self._process.exitcode)  # fmt: skip
        self.next += self._step
        if self._deaths >= _DEATHS:
            return False
        self.start()
        return True

    def stop(self) -> None:
        self._process.kill()
        self._process.join()


class RoomsBeside:
    """Rooms of rising numbers, without end, rendered by several processes."""

    def __init__(self, first: int, processes: int, views: int, render: Render | None = None):
        """Starts the processes, at a lower priority.

        Args:
            first: the number of the first room; no other training frames may be of these rooms.
            processes: how many.
            views: pictures of each room.
            render: makes a room of its number in place of `render_room`; has to be picklable.

        Raises:
            UserError: nothing is installed that casts rays.
        """
        check_installed()
        training_seed(first)
        self._stopped, self._starting = False, threading.Lock()
        self._failures, self._said = 0, ""  # one after the other, and what the last one said
        render = render or _Views(views)
        self._workers: list[_Worker] = []
        try:
            for k in range(processes):
                self._workers.append(_Worker(render, first + k, processes))
        except BaseException:  # as where no more processes may be started
            self.stop()
            raise

    def take(self, timeout_s: float) -> list[StoredFrame]:
        """The frames of each room that is ready; waits for the first one, at most so long.

        Raises:
            UserError: none of them lives long enough for a room, or a hundred rooms failed. No room
                is lost by it: what had come before was returned by the call before.
        """
        if self._failures >= _FAILURES:
            raise UserError(f"{self._said}; so were the {self._failures - 1} before it")
        if not self._workers:
            raise UserError("no process that renders rooms lives long enough to finish one")
        ready = wait([worker.pipe for worker in self._workers], timeout_s)
        rooms = []
        for worker in [worker for worker in self._workers if worker.pipe in ready]:
            room = worker.receive()
            if room is None:
                self._replace(worker)
            elif room.frames is None:
                self._pass_over(room)
            else:
                self._failures = 0
                rooms.append(room.frames)
        return rooms

    def stop(self) -> None:
        """Ends the processes; what they have not handed over is lost."""
        with self._starting:
            self._stopped = True
            for worker in self._workers:
                worker.stop()

    def _replace(self, worker: _Worker) -> None:
        with self._starting:
            if not self._stopped and not worker.start_again():
                self._workers.remove(worker)

    def _pass_over(self, room: _Room) -> None:
        self._said = f"room {room.number} can't be rendered and is left out: {room.reason}"
        logger.warning("%s", self._said)
        self._failures += 1


class _Views:
    """Renders so many views of a room."""

    def __init__(self, views: int) -> None:
        self._views = views

    def __call__(self, number: int) -> StoredFrame:
        frames = [stored(frame) for frame in scene_frames(training_seed(number), self._views)]
        return StoredFrame(*(np.stack(part) for part in zip(*frames, strict=True)))


def _work(pipe: Connection, render: Render, first: int, step: int) -> None:
    import cv2

    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to answer
    os.nice(_NICE)
    cv2.setNumThreads(1)
    number = first
    while True:
        try:
            room = _Room(number, render(number))
        except Exception as error:  # one odd room in thousands must not stop the others
            room = _Room(number, None, repr(error))
        pipe.send(room)
        number += step
