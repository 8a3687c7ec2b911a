# SPDX-License-Identifier: Apache-2.0
"""What `tips_ros doctor` looks at, one module per section. Nothing here opens a connection."""
