# SPDX-License-Identifier: Apache-2.0
"""Organised point clouds: made, cut, cleaned, thinned, written."""
