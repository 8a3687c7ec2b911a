# SPDX-License-Identifier: Apache-2.0
"""Whole frames as one piece of work for a GPU: a picture's bytes in, all its arrays out."""
