# SPDX-License-Identifier: Apache-2.0
"""A memory of the things of a whole bag, by the poses that the bag recorded."""

from __future__ import annotations

from tips_ros.bags import BagReader
from tips_ros.messages.conversions import stamp_ns
from tips_ros.messages.frame_result import CameraPose, FrameResult
from tips_ros.messages.objects.remembered import remember
from tips_ros.offline.camera_poses import CameraPoses
from tips_ros.perception.memory.memory import Memory
from tips_ros.perception.memory.settings import USUAL, MemorySettings


class BagMemory:
    """Remembers the things of one camera of a bag.

    Attributes:
        memory: of the things.
        key_frames: images that entered it.
        without_pose: images whose pose the bag does not tell.
    """

    def __init__(self, frame_id: str = "map", settings: MemorySettings = USUAL) -> None:
        """
        Args:
            frame_id: that places are told in where the bag knows it; else the frame in which the
                camera moves smoothly serves.
            settings: of the memory.
        """
        self.memory = Memory()
        self.key_frames = self.without_pose = 0
        self._frame_id, self._settings = frame_id, settings
        self._poses: CameraPoses | None = None

    def see(self, reader: BagReader, frame: FrameResult, smooth: CameraPose | None) -> None:
        """Takes in a frame whose things are followed.

        Args:
            reader: of the bag, which tells where the camera was.
            frame: the next one.
            smooth: its camera in a frame without jumps; None where that is not known.
        """
        if self._poses is None:
            self._poses = CameraPoses(reader, frame.header.frame_id, self._frame_id)
        matrix = self._poses.at(stamp_ns(frame.header)) if self._frame_id else None
        in_map = None if matrix is None else CameraPose(self._frame_id, matrix)
        took = remember(self.memory, frame, self._settings, in_map, smooth)
        if took is None:
            self.without_pose += 1
        elif took:
            self.key_frames += 1
