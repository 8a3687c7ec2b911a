# SPDX-License-Identifier: Apache-2.0
"""The process around the node: its arguments, signals, threads, log, and middleware."""
