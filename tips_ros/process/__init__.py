# SPDX-License-Identifier: Apache-2.0
"""This process: the memory that it has and keeps, and its environment."""
