# SPDX-License-Identifier: Apache-2.0
"""The standard deviation of depth, pixel by pixel, fitted to measured depth."""
