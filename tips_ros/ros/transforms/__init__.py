# SPDX-License-Identifier: Apache-2.0
"""Poses from tf: where a camera is, and what a cloud is moved by."""
