# SPDX-License-Identifier: Apache-2.0
"""The two lens models of ROS: Brown-Conrady and equidistant fisheye."""
