# SPDX-License-Identifier: Apache-2.0
"""The classes the node tells, and that its masks hold them."""

import numpy as np
from tips_ros.msg import ClassMap

from tips_ros.perception.cloud.point_cloud import CLOUD_DTYPE
from tips_ros.ros.topics import qos

from .example_messages import mask_of, picture
from .live_graph import until

CLASSES = "/tips/semantic/classes"


def test_a_late_subscriber_gets_the_class_map(graph):
    maps = graph.keep(ClassMap, CLASSES, qos.latched())
    until(lambda: maps, "the latched ClassMap")
    assert (len(maps[0].names), maps[0].names[0], maps[0].source) == (23, "wall", ClassMap.MODEL)
    assert tuple(maps[0].ids) == graph.node.predictor.description.classes.ids
    assert len(maps[0].colors) == 23
    assert maps[0].model == "demo"
    assert maps[0].trained is True


def test_the_class_map_of_a_model_with_random_weights_says_so(graph_with, untrained):
    graph = graph_with(model=str(untrained)).active()
    maps = graph.keep(ClassMap, CLASSES, qos.latched())
    until(lambda: maps, "the latched ClassMap")
    assert maps[0].trained is False


def test_masks_and_points_hold_the_ids_that_the_class_map_names(graph_with, sparse_ids):
    graph = graph_with(model=str(sparse_ids)).active()
    maps = graph.keep(ClassMap, CLASSES, qos.latched())
    graph.listen("semantic/image", "semantic/color", "points")
    graph.publish_camera_info()
    graph.publish_image()
    names = ("semantic/image", "semantic/color", "points")
    until(lambda: maps and all(graph.received[name] for name in names), "outputs")
    assert (list(maps[0].ids), list(maps[0].names)) == ([0, 3, 7], ["wall", "floor", "bed"])
    mask = np.frombuffer(graph.received["semantic/image"][0].data, np.uint8).reshape(48, 64)
    found = np.unique(mask).tolist()
    assert set(found) <= {0, 3, 7} and len(found) > 1
    cloud = np.frombuffer(graph.received["points"][0].data, CLOUD_DTYPE).reshape(48, 64)
    np.testing.assert_array_equal(cloud["label"], mask)
    palette = np.zeros((256, 3))
    for class_id, color in zip(maps[0].ids, maps[0].colors, strict=True):
        palette[class_id] = 255 * color.r, 255 * color.g, 255 * color.b
    shown = np.frombuffer(graph.received["semantic/color"][0].data, np.uint8).reshape(48, 64, 3)
    np.testing.assert_allclose(shown, picture() / 2 + palette[mask] / 2, atol=1.0)


def test_a_model_without_a_head_of_its_own_has_no_classes_until_there_are_prompts(
    graph_with, tiny_directory
):
    for head in tiny_directory.glob("*_dpt.zip"):
        head.unlink()
    graph = graph_with(model=str(tiny_directory)).active()
    maps = graph.keep(ClassMap, CLASSES, qos.latched())
    graph.listen("semantic/image")
    graph.publish_image(sec=1)
    until(lambda: graph.camera.statistics.snapshot().drops, "the frame")
    assert graph.camera.statistics.snapshot().last_error == "no semantic/image: no classes"
    assert not graph.received["semantic/image"]
    until(lambda: maps, "the empty ClassMap")
    assert [list(m.names) for m in maps] == [[]]

    assert graph.set_prompts("a", "b", background=["@none"]).success
    graph.publish_image(sec=2)
    until(lambda: graph.received["semantic/image"], "a mask")
    assert set(np.unique(mask_of(graph.received["semantic/image"][0]))) <= {0, 1}
    until(lambda: list(maps[-1].names) == ["a", "b"], "their ClassMap")
