# SPDX-License-Identifier: Apache-2.0
"""Unpacks zstd and lz4 without taking more memory than the result may have.

A few bytes can stand for any number of them, and a bag may be anybody's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lz4.frame import LZ4FrameDecompressor  # type: ignore[import-untyped] # with rosbags

from tips_ros.bags.storage.storage import BrokenFile

if sys.version_info >= (3, 14):
    from compression import zstd as zstd
else:
    from backports import zstd as zstd  # comes with rosbags

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# Of one message or chunk. The largest cloud of this package has 0.2 GB.
MOST_BYTES = 2**31
_MOST_FRAMES = 1000  # of one message or chunk; whoever packs writes one
_PIECE_BYTES = 2**17  # of a file; more than zstd gives at once is slower
_KINDS: dict[str, Callable[[], Any]] = {"zstd": zstd.ZstdDecompressor, "lz4": LZ4FrameDecompressor}


def unpack(kind: str, packed: bytes | memoryview, most_bytes: int | None = None) -> bytes:
    """All that was packed.

    Args:
        kind: zstd or lz4.
        packed: one frame, or several one behind the other.
        most_bytes: that the result may have; MOST_BYTES by default.

    Raises:
        BrokenFile: there is more, the packed bytes are damaged, or the kind is another.
    """
    if kind not in _KINDS:
        raise BrokenFile(f"the compression {kind!r} is unknown")
    most_bytes = MOST_BYTES if most_bytes is None else most_bytes
    pieces, left = [], most_bytes
    try:
        for piece in _pieces(_KINDS[kind], bytes(packed), most_bytes + 1):
            left -= len(piece)
            if left < 0:
                raise BrokenFile(f"{len(packed)} packed bytes become more than {most_bytes}")
            pieces.append(piece)
    except (zstd.ZstdError, RuntimeError, EOFError) as error:
        raise BrokenFile(f"packed bytes can't be unpacked: {error}") from error
    return b"".join(pieces)


def _pieces(begin: Callable[[], Any], packed: bytes, most_bytes: int) -> Iterator[bytes]:
    """Yields the content of each frame, in pieces of at most so many bytes."""
    for _ in range(_MOST_FRAMES):
        if not packed:
            return
        frame = begin()
        while not frame.eof:
            piece = frame.decompress(packed, most_bytes)
            yield piece
            packed = b""
            if not piece and not frame.eof:
                raise EOFError("they end too early")
        packed = frame.unused_data or b""
    raise BrokenFile(f"more than {_MOST_FRAMES} packed frames in one message or chunk")


def unpack_file(path: Path, plain: Path) -> bool:
    """Unpacks a file to another; False where it ends too early or is damaged, after what is sound.

    Args:
        path: frames of zstd.
        plain: the file to write.

    Raises:
        OSError: one can't be read, or the other not be written.
    """
    with zstd.open(path) as packed, plain.open("wb") as unpacked:
        try:
            # Not `read`: what is sound before the damage would go with it.
            while piece := packed.read1(_PIECE_BYTES):
                unpacked.write(piece)
        except (zstd.ZstdError, EOFError):
            return False
    return True
