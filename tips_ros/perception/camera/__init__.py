# SPDX-License-Identifier: Apache-2.0
"""The camera: calibration, lens, mounting, and where a pixel looks."""
