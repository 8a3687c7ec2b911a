# SPDX-License-Identifier: Apache-2.0
"""A room and its openings, and how furniture is laid out in it."""
