# SPDX-License-Identifier: Apache-2.0
"""YAML that somebody else wrote: no code, and one kind of error whatever is wrong with it."""

from __future__ import annotations

import re
from typing import Any

import yaml

_MOST_NESTED = 60  # brackets
_BRACKETS = re.compile(r"[\[{]+|[\]}]+")


class YamlError(ValueError):
    """A text that is no YAML; says where, in one line."""


def load_yaml(text: str, loader: type[yaml.SafeLoader] = yaml.SafeLoader) -> Any:
    """The content of one document.

    Args:
        text: the document.
        loader: one that makes plain values only.

    Raises:
        YamlError: not YAML, nested without end, or a number or date that none can be.
    """
    if _nesting(text) > _MOST_NESTED:  # the library's time grows with the square of it
        raise YamlError("it is nested too deeply")
    try:
        return yaml.load(text, loader)  # noqa: S506
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise YamlError(f"{where}{problem}") from None
    except RecursionError:
        raise YamlError("it is nested too deeply") from None
    except (ValueError, TypeError, OverflowError, AttributeError, KeyError, IndexError) as error:
        # Its numbers, dates and tags are made by Python's own functions, which know no limits.
        raise YamlError(f"a value that is none: {' '.join(str(error).split())[:200]}") from None


def _nesting(text: str) -> int:
    """The most brackets that are open at once, those within quotes included."""
    depth = most = 0
    for run in _BRACKETS.findall(text):
        depth += len(run) if run[0] in "[{" else -len(run)
        most = max(most, depth)
    return most
