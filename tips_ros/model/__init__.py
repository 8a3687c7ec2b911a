# SPDX-License-Identifier: Apache-2.0
"""The network: tensors in, tensors out. Imports torch and numpy only."""
