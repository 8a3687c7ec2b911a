# SPDX-License-Identifier: Apache-2.0
"""Measures and draws what holding still does to a rendered drive."""
