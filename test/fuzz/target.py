# SPDX-License-Identifier: Apache-2.0
"""A target of fuzzing: one entrance of the program, what comes in, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from hypothesis.strategies import SearchStrategy

_LONGEST = 1500  # characters of a refusal


class Target(NamedTuple):
    """An entrance.

    Attributes:
        name: for people and `--target`.
        cases: what may come in.
        check: takes one case; whatever it raises is a find.
    """

    name: str
    cases: SearchStrategy[Any]
    check: Callable[[Any], object]


@contextmanager
def refusal(*errors: type[Exception]) -> Iterator[None]:
    """Takes a refusal by one of these errors for an answer, if people can read it."""
    try:
        yield
    except errors as error:
        check_sentence(str(error))


def check_sentence(text: str) -> None:
    """A refusal says something, and ends."""
    assert len(text.split()) >= 3, f"a refusal that says nothing: {text!r}"
    assert len(text) <= _LONGEST, f"a refusal of {len(text)} characters: {text[:200]!r}"
