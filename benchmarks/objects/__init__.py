# SPDX-License-Identifier: Apache-2.0
"""Measures ids of things, and a memory of them, against the renderer's truth."""
