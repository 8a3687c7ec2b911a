# SPDX-License-Identifier: Apache-2.0
"""The cloud cut by class name, while the node runs."""

import logging

import numpy as np
import pytest

from tips_ros.perception.camera.lens import Lens
from tips_ros.perception.cloud.cloud_cleaning import Cleaning, select_pixels
from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE

from .example_messages import camera_info
from .live_graph import until


@pytest.fixture
def cloud_after(graph):
    """Publishes a frame and returns its cloud."""
    graph.listen("points")
    graph.publish_camera_info()
    sent = 0

    def cloud():
        nonlocal sent
        sent += 1
        graph.publish_image(sec=sent)
        until(lambda: len(graph.received["points"]) == sent, f"cloud {sent}")
        return np.frombuffer(graph.received["points"][-1].data, CLOUD_DTYPE)

    return cloud


def names_by_size(graph, cloud):
    """The classes in a cloud, largest first."""
    by_id = graph.node.predictor.description.classes.by_id()
    ids, counts = np.unique(cloud["label"], return_counts=True)
    return [by_id[i] for i in ids[np.argsort(-counts)]]


def test_points_of_excluded_classes_become_nan_and_keep_their_label(graph, cloud_after):
    whole = cloud_after()
    assert np.isfinite(whole["z"]).all()
    largest = names_by_size(graph, whole)[0]
    assert graph.set_parameter("points.exclude", [largest.upper()]).successful
    cut = cloud_after()
    np.testing.assert_array_equal(cut["label"], whole["label"])
    class_id = next(
        i for i, n in graph.node.predictor.description.classes.by_id().items() if n == largest
    )
    np.testing.assert_array_equal(np.isnan(cut["z"]), whole["label"] == class_id)


def test_only_included_classes_stay_and_an_empty_list_keeps_all_again(graph, cloud_after):
    whole = cloud_after()
    largest = names_by_size(graph, whole)[0]
    assert graph.set_parameter("points.include", [largest]).successful
    cut = cloud_after()
    kept = np.isfinite(cut["x"])
    assert kept.any()
    assert set(names_by_size(graph, cut[kept])) == {largest}
    assert graph.set_parameter("points.include", [""]).successful
    assert np.isfinite(cloud_after()["z"]).all()


def test_a_cut_follows_the_prompts_and_a_name_not_among_them_is_told_once(
    graph, cloud_after, caplog
):
    logging.getLogger("tips_ros").addHandler(caplog.handler)
    try:
        assert graph.set_parameter("points.exclude", ["thing", "unicorn"]).successful
        answer = graph.set_prompts("thing: wall | floor | chair", "ceiling")
        thing = answer.ids[list(answer.names).index("thing")]
        for _ in range(2):
            cloud = cloud_after()
            np.testing.assert_array_equal(np.isnan(cloud["z"]), cloud["label"] == thing)
    finally:
        logging.getLogger("tips_ros").removeHandler(caplog.handler)
    told = [r.getMessage() for r in caplog.records if "points.exclude" in r.getMessage()]
    assert len(told) == 1
    assert "'unicorn'" in told[0]
    assert "thing, ceiling" in told[0]


def test_points_on_depth_edges_and_on_grazing_surfaces_become_nan_when_that_is_wanted(
    graph, cloud_after
):
    whole = cloud_after().reshape(48, 64)
    normals = np.stack([whole[f"normal_{axis}"] for axis in "xyz"], axis=-1)
    lens = Lens.from_camera_info(camera_info())
    for name, value in (("edge_jump", 0.002), ("max_grazing_deg", 20.0)):
        assert graph.set_parameter(f"points.{name}", value).successful
        kept = select_pixels(whole["z"], Cleaning(**{name: value}), lens, normals)
        assert 0 < kept.sum() < kept.size, name
        np.testing.assert_array_equal(np.isfinite(cloud_after()["z"]), kept.ravel())
        assert graph.set_parameter(f"points.{name}", 0.0).successful
    assert np.isfinite(cloud_after()["z"]).all()
