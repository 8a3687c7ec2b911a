# SPDX-License-Identifier: Apache-2.0
"""YAML that somebody else wrote: no code, and one kind of error whatever is wrong with it."""

from __future__ import annotations

from typing import Any

import yaml


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
    try:
        return yaml.load(text, loader)
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
