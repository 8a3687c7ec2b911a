# SPDX-License-Identifier: Apache-2.0
"""The encoder for a GPU, and kernels for what follows it, where Triton is installed."""
