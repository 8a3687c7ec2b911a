# SPDX-License-Identifier: Apache-2.0
"""The places of cameras, what their sensors do to a picture, and the renderer."""
