# SPDX-License-Identifier: Apache-2.0
"""How far off depth may be, pixel by pixel: a standard deviation, fitted to measured depth."""
