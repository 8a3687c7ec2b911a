# SPDX-License-Identifier: Apache-2.0
"""Pictures that `infer` looked at: what came of each, and the words for it."""
