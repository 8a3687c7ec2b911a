# SPDX-License-Identifier: Apache-2.0
"""The message classes of a bag that is written, by its own type store."""

from __future__ import annotations

from typing import Any

import numpy as np

from tips_ros.bags import BagWriter
from tips_ros.messages.types import MessageFactory, MessageWithData


def bag_types(writer: BagWriter) -> MessageFactory:
    """The message classes of a bag."""

    def with_data(name: str, count: int, fields: dict[str, Any]) -> MessageWithData:
        data = np.empty(count, np.uint8)
        return MessageWithData(writer.typestore.types[name](data=data, **fields), data)

    return MessageFactory(
        message=writer.typestore.types.__getitem__,
        numbers=lambda values: np.array(values, np.float64),
        integers=lambda values: values,
        floats=lambda values: values,
        octets=lambda values: np.frombuffer(values, np.uint8),
        with_data=with_data,
        fresh_with_data=with_data,
    )
