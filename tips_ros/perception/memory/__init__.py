# SPDX-License-Identifier: Apache-2.0
"""A memory of things: where they were seen in a fixed frame, and what words they answer to."""
