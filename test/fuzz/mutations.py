# SPDX-License-Identifier: Apache-2.0
"""Bytes and texts that were right once, and then somebody was at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

# Sizes and offsets at which programs stumble.
ODD_NUMBERS = (0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 2**15, 2**16 - 1, 2**16, 2**24, 2**31 - 1)
ODD_NUMBERS += (2**31, 2**32 - 1)
ODD_FLOATS = (0.0, -0.0, 1.0, -1.0, 1e-320, 1e-9, 1e9, 1e38, 1e308, -1e308)
ODD_FLOATS += (float("nan"), float("inf"), float("-inf"))


class Change(NamedTuple):
    """One change, at a share of the length."""

    kind: str
    at: float
    new: bytes
    count: int


_CHANGES = st.builds(
    Change,
    st.sampled_from(("set", "insert", "drop", "cut", "double", "swap")),
    st.floats(0.0, 1.0),
    st.one_of(
        st.binary(min_size=1, max_size=8),
        st.sampled_from(ODD_NUMBERS).map(lambda n: n.to_bytes(4, "little")),
        st.sampled_from(ODD_NUMBERS).map(lambda n: n.to_bytes(4, "big")),
        st.sampled_from((b"\xff" * 8, b"\0" * 8, b"\x80", b"..//", b"%n%s", b"\xed\xa0\x80")),
    ),
    st.sampled_from((1, 2, 4, 16, 64, 1000)),
)


def mutated(seeds: Sequence[bytes], most: int = 6) -> SearchStrategy[bytes]:
    """One of the seeds with up to so many changes."""
    return st.builds(_changed, st.sampled_from(list(seeds)), st.lists(_CHANGES, max_size=most))


def mutated_text(seeds: Sequence[str], most: int = 6) -> SearchStrategy[bytes]:
    """One of the texts with changes of characters, lines and numbers; perhaps no UTF-8 any more."""
    lines = st.builds(_shuffled, st.sampled_from(list(seeds)), st.lists(_LINES, max_size=most))
    return st.one_of(lines.map(str.encode), mutated([seed.encode() for seed in seeds], most))


_WORDS = (
    *("nan", ".nan", ".inf", "-1", "0", "1e999", "99999999999999999999", "null", "~", "true"),
    *("[]", "{}", "&a [*a]", "*a", "!!python/object:os.system x", "'", '"', "- -", ":", "@", "#"),
    *(
        "[" * 3000,
        "a: " * 50,
        "\t",
        "\u2028",
        "\ufeff",
        "é",
        "\0",
        "0x7f",
        "1_000",
        "1:30",
        "2020-01-01",
    ),
)
_LINES = st.tuples(
    st.sampled_from(("word", "append", "drop", "double", "swap")),
    st.integers(0, 200),
    st.sampled_from(_WORDS),
)


def _shuffled(text: str, changes: Sequence[tuple[str, int, str]]) -> str:
    lines = text.split("\n")
    for kind, at, word in changes:
        i = at % max(len(lines), 1)
        if not lines:
            lines = [word]
        elif kind == "drop":
            del lines[i]
        elif kind == "double":
            lines.insert(i, lines[i])
        elif kind == "swap":
            lines[i], lines[-1] = lines[-1], lines[i]
        elif kind == "append":
            lines[i] += word
        else:
            key, colon, _ = lines[i].partition(":")
            lines[i] = f"{key}{colon} {word}"
    return "\n".join(lines)


def _changed(seed: bytes, changes: Sequence[Change]) -> bytes:
    data = bytearray(seed)
    for kind, share, new, count in changes:
        at = int(share * len(data))
        if kind == "set":
            data[at : at + len(new)] = new
        elif kind == "insert":
            data[at:at] = new
        elif kind == "drop":
            del data[at : at + count]
        elif kind == "cut":
            del data[at:]
        elif kind == "double":
            data[at:at] = data[at : at + count]
        else:
            end = data[-count:]
            data[at : at + len(end)] = end
    return bytes(data)
