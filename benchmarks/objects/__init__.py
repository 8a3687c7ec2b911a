# SPDX-License-Identifier: Apache-2.0
"""Measures ids of things against the renderer's truth."""
