# SPDX-License-Identifier: Apache-2.0
"""Regions of an image that a prompt asked for, and their boxes in space."""
