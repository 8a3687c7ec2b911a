# SPDX-License-Identifier: Apache-2.0
"""Things that stand on floors and tables: each about the origin, on z = 0, its front along +x."""
