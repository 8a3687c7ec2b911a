# SPDX-License-Identifier: Apache-2.0
"""A local mirror, and small files to be fetched from it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tips_ros.catalogue import RemoteFile
from tips_ros.downloads import retries
from tips_ros.downloads.connection import Connection
from tips_ros.downloads.model_download import ModelDownload

from .mirror import Behaviour, Mirror, tag_of


@pytest.fixture
def server(http_server: Any) -> Mirror:
    return Mirror(http_server)


def npz(seed: int = 0, count: int = 5000, names: tuple[str, ...] = ("blocks.0.weight",)) -> bytes:
    """A small .npz of random numbers, about 4 × count bytes per name."""
    rng = np.random.default_rng(seed)
    packed = io.BytesIO()
    np.savez(packed, **{name: rng.random(count, np.float32) for name in names})
    return packed.getvalue()


def damaged(content: bytes) -> bytes:
    """One bit of the numbers is wrong; the zip's directory is whole."""
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@dataclass(frozen=True)
class Kit:
    """All that a test of a download needs: a file, its content, and the download itself."""

    server: Mirror
    directory: Path
    pauses: list[float]
    vision: RemoteFile
    head: RemoteFile
    tokenizer: RemoteFile
    content: bytes
    Behaviour: type[Behaviour]
    npz: Callable[..., bytes]
    damaged: Callable[[bytes], bytes]

    def sleep(self, pause_s: float) -> None:
        """Does not sleep; a download that never gives up fails the test instead of hanging it."""
        self.pauses.append(pause_s)
        assert len(self.pauses) < 100

    def download(self, *files: RemoteFile, mirror: str | None = None, **options) -> list:
        """Downloads the files (default: the image tower) and returns what was told."""
        told: list = []
        ModelDownload(
            self.directory,
            Connection(mirror or self.server.url, timeout_s=10.0),
            told=told.append,
            **options,
        ).run(files or (self.vision,))
        return told

    @property
    def target(self) -> Path:
        return self.directory / self.vision.name

    @property
    def names(self) -> list[str]:
        """Names of the files in the directory."""
        return sorted(path.name for path in self.directory.iterdir())

    def leave_part(self, content: bytes, count: int) -> None:
        """An earlier download of `content` was interrupted after `count` bytes."""
        self.directory.mkdir(parents=True, exist_ok=True)
        part = self.directory / f"{self.vision.name}.part"
        part.write_bytes(content[:count])
        tag = tag_of(content).replace('"', '\\"')
        part.with_name(f"{part.name}.json").write_text(
            f'{{"size": {len(content)}, "validator": "{tag}"}}'
        )


@pytest.fixture
def kit(server: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kit:
    content = npz()
    folder = "v2_0/checkpoints"
    kit = Kit(
        server,
        tmp_path / "models" / "tiny",
        [],
        RemoteFile("vision", f"{folder}/pytorch/tiny_vision.npz", len(content), "pytorch"),
        RemoteFile("depth", f"{folder}/scenic/tiny_depth_dpt.zip", 20_000),
        RemoteFile("tokenizer", "v1_0/checkpoints/tokenizer.model", 1_000),
        content,
        Behaviour,
        npz,
        damaged,
    )
    monkeypatch.setattr(retries.time, "sleep", kit.sleep)
    monkeypatch.setattr(retries.random, "random", lambda: 0.0)
    return kit


@pytest.fixture
def zip_of() -> Callable[[dict[str, bytes]], bytes]:
    def pack(entries: dict[str, bytes]) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, data in entries.items():
                archive.writestr(name, data)
        return packed.getvalue()

    return pack
