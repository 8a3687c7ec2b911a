# SPDX-License-Identifier: Apache-2.0
"""The table of parameters, their checks, their services, and their pages."""
