# SPDX-License-Identifier: Apache-2.0
"""Where the things are that a prompt asked for."""
