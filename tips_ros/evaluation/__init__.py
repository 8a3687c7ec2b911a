# SPDX-License-Identifier: Apache-2.0
"""How right a predictor is: its outputs against measured truth, in the field's own numbers."""
