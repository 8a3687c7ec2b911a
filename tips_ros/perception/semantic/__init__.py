# SPDX-License-Identifier: Apache-2.0
"""Which class each pixel gets: lists, what decides, label maps, their edges."""
