# SPDX-License-Identifier: Apache-2.0
"""A bag and a directory are told apart by what is in them."""

from __future__ import annotations

import pytest

from tips_ros.bags import BagError
from tips_ros.evaluation.datasets.errors import DatasetError
from tips_ros.evaluation.datasets.rendered import write_frame, write_index
from tips_ros.offline.evaluation_data import BagOptions, is_bag, open_data


@pytest.fixture
def rendered(tmp_path, truth):
    folder = tmp_path / "rooms"
    folder.mkdir()
    write_index(folder, "rooms", {0: "wall"}, [write_frame(folder, truth(1))])
    return folder


def test_bags_are_recognised(record, rendered):
    drive, _ = record()
    (storage,) = drive.glob("*.mcap")
    assert is_bag(drive) and is_bag(storage) and not is_bag(rendered)


def test_the_layout_is_found_and_told(record, rendered):
    with open_data(rendered, None, BagOptions()) as data:
        assert data.about == "layout rendered (scene.json), 1 image"
        assert data.outputs == ("depth", "normals", "semantic", "stddev")
    drive, measured = record(truths=(1, 3))
    with open_data(drive, None, BagOptions(truth=measured)) as data:
        assert data.about.startswith("layout bag, 2 of 3 images on /camera/image_raw have truth on")
        assert len(list(data.dataset)) == 2


def test_options_of_bags_are_refused_for_directories(rendered):
    with (
        pytest.raises(DatasetError, match="layout rendered: --truth.* are for bags"),
        open_data(rendered, None, BagOptions(rectified=True)),
    ):
        pass


def test_a_directory_that_is_called_a_bag_is_refused(rendered):
    with pytest.raises(BagError), open_data(rendered, "bag", BagOptions()):
        pass
