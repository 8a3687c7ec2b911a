# SPDX-License-Identifier: Apache-2.0
"""A figure is written, or one line says why it is not."""

from __future__ import annotations

import argparse

import numpy as np
import pytest
from PIL import Image

from benchmarks.figures.saving import save_figure

PICTURE = np.full((8, 12, 3), 200, np.uint8)


def test_a_figure_is_written(tmp_path):
    save_figure(PICTURE, tmp_path / "a.jpg", 84, argparse.ArgumentParser())
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.format == "JPEG" and image.size == (12, 8)


@pytest.mark.parametrize("name", ["none/a.jpg", "a.nothing", "a.psd", "a", ""])
def test_a_place_where_none_can_be_is_told_in_one_line(tmp_path, capsys, name):
    with pytest.raises(SystemExit):
        save_figure(PICTURE, tmp_path / name, 84, argparse.ArgumentParser("figure"))
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"figure: error: {tmp_path / name} can't be written: ")
