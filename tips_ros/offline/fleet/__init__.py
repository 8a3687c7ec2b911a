# SPDX-License-Identifier: Apache-2.0
"""Many bags, one after another or side by side; what was done is not done again."""
