# SPDX-License-Identifier: Apache-2.0
"""Directories of images and truth, in the layouts of the field and in one of our own."""
