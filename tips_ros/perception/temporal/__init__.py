# SPDX-License-Identifier: Apache-2.0
"""Depth and labels that hold still: each frame of a camera beside the one before, causally."""
