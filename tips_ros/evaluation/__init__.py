# SPDX-License-Identifier: Apache-2.0
"""Evaluation: a predictor's outputs against measured truth, in the field's own metrics."""
