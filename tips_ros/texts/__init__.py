# SPDX-License-Identifier: Apache-2.0
"""Texts that somebody else wrote: read without trust, shown without harm."""
