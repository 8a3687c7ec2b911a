# SPDX-License-Identifier: Apache-2.0
"""Light that falls on a scene: lamps, windows, the sun, reflections."""
