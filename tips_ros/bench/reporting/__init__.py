# SPDX-License-Identifier: Apache-2.0
"""Measurements as text and as plots."""
