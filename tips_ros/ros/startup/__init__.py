# SPDX-License-Identifier: Apache-2.0
"""Help for the launch file: arguments as people type them, parameter files, RViz's view."""
