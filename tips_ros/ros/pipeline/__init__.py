# SPDX-License-Identifier: Apache-2.0
"""A frame's way while the node is active: admitted, encoded, made into outputs, accounted for."""
