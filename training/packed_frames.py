# SPDX-License-Identifier: Apache-2.0
"""Packs a frame store into a twentieth of its bytes, in files of a given size, to train elsewhere.

    ./run exec python -m training.packed_frames build/training/frames_4000x12 build/packed

The form of the files is that of `frames/packed.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from training.frames.frame_store import FrameStore
from training.frames.packed import pack_scenes, write_files


def main() -> None:
    """Packs what the store has by now."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", type=Path, help="the frames' folder")
    parser.add_argument("output", type=Path, help="the folder to write")
    parser.add_argument("--megabytes", type=float, default=60, help="of a file, at most (2^20)")
    parser.add_argument("--views", type=int, help="of each scene, the first ones; without it, all")
    parser.add_argument("--processes", type=int, help="without it, one a core")
    parser.add_argument("--scenes-only", action="store_true", help="pack, but write no files yet")
    args = parser.parse_args()
    store = FrameStore.opened(args.store)
    pack_scenes(store, args.output, args.views or store.views, args.processes)
    if not args.scenes_only:
        print(*write_files(args.output, args.megabytes), sep="\n")

if __name__ == "__main__":
    main()
