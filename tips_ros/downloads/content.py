# SPDX-License-Identifier: Apache-2.0
"""Checks that a file is, as a whole, what its name says."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tips_ros.catalogue import RemoteFile, readable_size

_WEB_PAGE = (b"<!doctype", b"<html", b"<?xml")
_HEAD = 512  # bytes looked at to tell a web page
_LARGEST_TOKENIZER = 1 << 28  # bytes
_SUFFIX = ".npy"
_REASON_LENGTH = 120


def find_fault(path: Path, file: RemoteFile) -> str | None:
    """Finds a reason why the file at `path` can't be `file`; None where there is none.

    A zip is read to its end, and each entry's checksum compared: a byte that changed on the way
    is found. Nothing is unpacked or interpreted.
    """
    size = path.stat().st_size
    with path.open("rb") as opened:
        head = opened.read(_HEAD)
    if not head:
        return "it is empty"
    if head.lstrip().lower().startswith(_WEB_PAGE):
        return "it is a web page, not the file"
    if file.role == "tokenizer":
        whole = size <= _LARGEST_TOKENIZER and _is_protobuf(path.read_bytes())
        return None if whole else f"its {readable_size(size)} are not a whole SentencePiece model"
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
    except Exception as error:  # damaged bytes make zipfile raise a dozen kinds of errors
        reason = (" ".join(str(error).split()) or type(error).__name__)[:_REASON_LENGTH]
        return f"its {readable_size(size)} are not a whole zip: {reason}"
    if damaged is not None:
        return f"entry {damaged[:_REASON_LENGTH]!r} is damaged"
    if not any(name.endswith(_SUFFIX) for name in names):
        return "it is a zip without arrays, not a checkpoint"
    # PyTorch's parameter names have dots, Flax's slashes; v1's files have the same names in both.
    layout = "scenic" if any("/" in name for name in names) else "pytorch"
    if file.layout is not None and file.layout != layout:
        return f"it is the {layout} file, and the {file.layout} one was wanted"
    return None


def _is_protobuf(data: bytes) -> bool:
    """Whether it is a sequence of length-delimited fields, the first numbered 1, to the last byte.

    This is the outer shape of a SentencePiece model, whose field 1 holds the pieces.
    """
    at = 0
    while at < len(data):
        tag = data[at]  # field numbers up to 15 take one byte
        if tag & 7 != 2 or (at == 0 and tag >> 3 != 1):
            return False
        length, shift, at = 0, 0, at + 1
        while True:
            if at >= len(data) or shift > 28:
                return False
            byte, at = data[at], at + 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        at += length
    return at == len(data)
