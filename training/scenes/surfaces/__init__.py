# SPDX-License-Identifier: Apache-2.0
"""Colours, patterns and pictures, and the materials made of them."""
