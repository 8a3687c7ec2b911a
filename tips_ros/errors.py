# SPDX-License-Identifier: Apache-2.0
"""The error a command shows to its user."""


class UserError(Exception):
    """Something the user can put right; the message is one line and names the fix."""
