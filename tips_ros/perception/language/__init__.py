# SPDX-License-Identifier: Apache-2.0
"""Words and images: tokens, text embeddings, zero-shot labels, tags."""
