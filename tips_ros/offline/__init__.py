# SPDX-License-Identifier: Apache-2.0
"""The predictor over files: pictures and whole bags, without a ROS graph."""
