# SPDX-License-Identifier: Apache-2.0
"""The node: messages in, messages out. The only folder that imports rclpy or message packages."""
