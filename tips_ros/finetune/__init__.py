# SPDX-License-Identifier: Apache-2.0
"""A model's depth head, learnt on with a robot's own measured depth; the image encoder stays."""
