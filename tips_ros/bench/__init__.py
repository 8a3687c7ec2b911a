# SPDX-License-Identifier: Apache-2.0
"""The benchmark: times and memory of a frame by stages, and in comparison with transformers."""
