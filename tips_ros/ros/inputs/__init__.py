# SPDX-License-Identifier: Apache-2.0
"""Inputs of a camera: the topics it may come on, its CameraInfo, and advice when it is silent."""
