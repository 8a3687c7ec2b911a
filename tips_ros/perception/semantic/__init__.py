# SPDX-License-Identifier: Apache-2.0
"""Labels of pixels: label spaces, label maps, their edges."""
