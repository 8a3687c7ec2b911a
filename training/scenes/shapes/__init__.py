# SPDX-License-Identifier: Apache-2.0
"""Grids of points as patches, and the shapes that patches make."""
