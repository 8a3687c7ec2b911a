# SPDX-License-Identifier: Apache-2.0
"""Frames in each other, over time: arrays only, no ROS."""
