# SPDX-License-Identifier: Apache-2.0
"""Steps of a frame that Triton compiles for a GPU, where it is installed; torch does them elsewhere."""
