# SPDX-License-Identifier: Apache-2.0
"""How far off each pixel's depth may be, in metres: a standard deviation, fitted to measured depth."""
