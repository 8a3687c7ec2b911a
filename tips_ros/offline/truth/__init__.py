# SPDX-License-Identifier: Apache-2.0
"""Ground truth in bags: topics, decoding, pairing by stamp, and writing."""
