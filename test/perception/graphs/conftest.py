# SPDX-License-Identifier: Apache-2.0
"""A stand-in for CUDA that records what is asked while a graph is captured, and plays it again.

Tensors are the CPU's. While it captures it writes down each operation with the tensors that it
reads and makes; to play is to do the same operations on the same tensors, in the same order. So
whatever was made of the first picture on the host, and not by an operation, stays as it was and is
found out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tips_ros.model.fast.head_streams import HeadStreams
from tips_ros.perception import resizing
from tips_ros.perception.deviation import cues, predicted
from tips_ros.perception.graphs import frame_graphs, frame_work
from tips_ros.perception.semantic import segmentation
from tips_ros.perception.semantic.dense_labels import dense_label_map


class Operations(TorchDispatchMode):
    """Writes operations down."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        made = func(*args, **kwargs)
        self.written.append((func, args, kwargs, made))
        return made


class Cuda:
    """Streams, events and graphs by name, and what was asked of them in turn."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.current: Any = Stream(self, "passes")
        self.streams = 0
        self.graphs: list[Graph] = []
        self.capturing: Graph | None = None

    def ask(self, what: str) -> None:
        self.asked.append(f"captured: {what}" if self.capturing else what)

    def new_stream(self, *_: Any, **__: Any) -> Any:
        self.streams += 1
        return Stream(self, f"stream {self.streams}")

    @contextlib.contextmanager
    def on(self, stream: Any) -> Iterator[None]:
        before, self.current = self.current, stream
        try:
            yield
        finally:
            self.current = before

    @contextlib.contextmanager
    def graph(
        self, graph: Graph, pool: Any, stream: Any, capture_error_mode: str
    ) -> Iterator[None]:
        assert pool is not None and capture_error_mode == "thread_local"
        self.capturing = graph
        with self.on(stream), Operations() as operations:
            yield
        self.capturing = None
        graph.operations = operations.written


class Stream:
    def __init__(self, cuda: Cuda, name: str) -> None:
        self.cuda, self.name = cuda, name

    def wait_event(self, event: Any) -> None:
        self.cuda.ask(f"{self.name} waits for {event}")

    def wait_stream(self, other: Any) -> None:
        self.cuda.ask(f"{self.name} waits for {other.name}")

    def record_event(self, event: Any = None) -> Any:
        return event or Event(self.cuda, self.name)


class Event:
    def __init__(self, cuda: Cuda, name: str = "") -> None:
        self.cuda, self.name = cuda, name

    def synchronize(self) -> None:
        self.cuda.ask("the host waits")

    def __str__(self) -> str:
        return self.name


class Graph:
    def __init__(self, cuda: Cuda) -> None:
        self.cuda = cuda
        self.operations: list[tuple[Any, Any, Any, Any]] = []
        cuda.graphs.append(self)

    def replay(self) -> None:
        self.cuda.ask("a graph is played")
        for func, args, kwargs, made in self.operations:
            again = func(*args, **kwargs)
            for old, new in zip(tree_leaves(made), tree_leaves(again), strict=True):
                if isinstance(old, Tensor) and old.data_ptr() != new.data_ptr():
                    old.copy_(new)


def as_on_a_gpu(maps: Tensor, size: tuple[int, int], kind: str = "bilinear") -> Tensor:
    return F.interpolate(maps, size=size, mode=kind, align_corners=False)


def normals_as_on_a_gpu(normals_map: Tensor, size: tuple[int, int]) -> Tensor:
    x = as_on_a_gpu(F.normalize(normals_map.float(), dim=1), size, "bicubic")
    return -F.normalize(x, dim=1).permute(0, 2, 3, 1)


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Cuda:
    """CUDA's interface, without CUDA."""
    stand_in = Cuda()
    monkeypatch.setattr(torch.cuda, "Stream", stand_in.new_stream)
    monkeypatch.setattr(torch.cuda, "stream", stand_in.on)
    monkeypatch.setattr(torch.cuda, "Event", lambda **_: Event(stand_in, "event"))
    monkeypatch.setattr(torch.cuda, "current_stream", lambda *_: stand_in.current)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: Graph(stand_in))
    monkeypatch.setattr(torch.cuda, "graph", stand_in.graph)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: (0, 1))
    monkeypatch.setattr(frame_graphs, "pin", lambda shape, dtype: torch.empty(shape, dtype=dtype))
    monkeypatch.setattr(torch.Tensor, "record_stream", lambda *_: None)
    # By torch's own operations, as there: OpenCV's and NumPy's would not be written down.
    monkeypatch.setattr(resizing, "resize_maps", as_on_a_gpu)
    monkeypatch.setattr(predicted, "resize_maps", as_on_a_gpu)
    monkeypatch.setattr(cues, "class_planes", cues.dense_class_planes)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    monkeypatch.setattr(frame_work, "HeadStreams", lambda _: HeadStreams(torch.device("cuda")))
    monkeypatch.setattr(frame_work, "normals_at", normals_as_on_a_gpu)
    monkeypatch.setattr(segmentation, "label_map_at", dense_label_map)
    monkeypatch.setattr(frame_work, "label_map_at", dense_label_map)
    return stand_in
