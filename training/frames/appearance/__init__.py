# SPDX-License-Identifier: Apache-2.0
"""Other materials, other light and other cameras for frames that are on a device already."""
