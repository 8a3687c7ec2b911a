# SPDX-License-Identifier: Apache-2.0
"""Stages of a camera's frames that know those before: scale, floor, things, depth held still."""
