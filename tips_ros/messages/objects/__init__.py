# SPDX-License-Identifier: Apache-2.0
"""Messages of things: as our own, as vision_msgs, as markers."""
