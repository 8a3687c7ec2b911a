# SPDX-License-Identifier: Apache-2.0
"""Texts from outside, for a log or a terminal: nothing in them ends a line or moves a cursor."""

from __future__ import annotations

_MOST = 4000  # characters of one message
_MOST_QUOTED = 80  # of a name in it


def printable(text: str, keep: str = "") -> str:
    """The text with control characters and broken Unicode as escapes; cut where it is endless.

    Args:
        text: anything.
        keep: control characters that stay, such as the line breaks of a traceback.
    """
    if len(text) > _MOST:
        text = f"{text[:_MOST]}… ({len(text) - _MOST} characters more)"
    if text.isprintable():
        return text
    return "".join(c if c in keep or not _is_harmful(c) else _escape(c) for c in text)


def quote(name: str) -> str:
    """The name in quotation marks, in printable characters; cut where it is endless."""
    return repr(name if len(name) <= _MOST_QUOTED else f"{name[: _MOST_QUOTED - 1]}…")


def _is_harmful(character: str) -> bool:
    # Beside the control characters: line and paragraph breaks, marks that turn the direction of
    # writing, and halves of surrogate pairs, which no stream can encode.
    number = ord(character)
    return (
        number < 0x20
        or 0x7F <= number < 0xA0
        or number in range(0x2028, 0x202F)
        or number in range(0x2066, 0x206A)
        or number in range(0xD800, 0xE000)
    )


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
