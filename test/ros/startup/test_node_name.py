# SPDX-License-Identifier: Apache-2.0
"""The node's name in full, and its logger's."""

import pytest

from tips_ros.ros.startup.node_name import full_name, logger_name


@pytest.mark.parametrize(
    ("pushed", "namespace", "name"),
    [
        ("", "", "/tips"),
        ("", "robot1", "/robot1/tips"),
        ("", "/fleet/robot1/", "/fleet/robot1/tips"),
        ("/fleet", "robot1", "/fleet/robot1/tips"),
        ("/fleet", "/robot1", "/robot1/tips"),
    ],
)
def test_full_name_is_that_of_the_namespace_as_launch_makes_it(pushed, namespace, name):
    assert full_name(pushed, namespace) == name


@pytest.mark.parametrize(("node", "logger"), [("/tips", "tips"), ("/a/b/tips", "a.b.tips")])
def test_logger_name_has_dots_for_slashes(node, logger):
    assert logger_name(node) == logger
