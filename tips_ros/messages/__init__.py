# SPDX-License-Identifier: Apache-2.0
"""Messages ↔ arrays, by fields alone: nothing here imports rclpy, so bags use it as well."""
