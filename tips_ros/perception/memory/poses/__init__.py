# SPDX-License-Identifier: Apache-2.0
"""Poses of cameras as a memory takes them: key frames, and jumps of its frame."""
