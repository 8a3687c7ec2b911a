# SPDX-License-Identifier: Apache-2.0
"""Masks that a listening graph has received."""

from .example_messages import mask_of
from .live_graph import until


def masks(graph, count):
    until(lambda: len(graph.received["semantic/image"]) >= count, f"mask {count}")
    return [mask_of(message) for message in graph.received["semantic/image"]]
