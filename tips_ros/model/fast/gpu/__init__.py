# SPDX-License-Identifier: Apache-2.0
"""What a GPU does otherwise than a CPU; some of it in kernels, where Triton is installed."""
