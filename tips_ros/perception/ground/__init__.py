# SPDX-License-Identifier: Apache-2.0
"""The floor under a camera, what stands on it, and how far it is free."""
