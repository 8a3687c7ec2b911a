# SPDX-License-Identifier: Apache-2.0
"""Calibration files: what tools write, and the lens it means."""
