# SPDX-License-Identifier: Apache-2.0
"""Pictures in, and result files out, for the command line."""
