# SPDX-License-Identifier: Apache-2.0
"""Fuzzing: every entrance of the program with what nobody should send, in `targets/`."""
