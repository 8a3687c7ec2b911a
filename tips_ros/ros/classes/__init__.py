# SPDX-License-Identifier: Apache-2.0
"""The classes in force, and how prompts become them."""
