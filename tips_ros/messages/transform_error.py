# SPDX-License-Identifier: Apache-2.0
"""The error of a transform between two frames that is not known."""

from __future__ import annotations


class TransformError(ValueError):
    """There is no such transform; says why.

    Attributes:
        may_come: whether waiting may help.
        at_other_times: whether the frames are known, and connected, at other times.
        newest_ns: the last time at which they are, where it is another.
    """

    def __init__(
        self,
        reason: str,
        may_come: bool = False,
        at_other_times: bool = False,
        newest_ns: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.may_come, self.at_other_times = may_come, at_other_times
        self.newest_ns = newest_ns
