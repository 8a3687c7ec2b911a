# SPDX-License-Identifier: Apache-2.0
"""Arrays in metres and pixels: from a picture to depth, normals, classes and points; no ROS."""
