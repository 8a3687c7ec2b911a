# SPDX-License-Identifier: Apache-2.0
"""The subcommands of `tips_ros`: a module each, with HELP, add_arguments(parser) and run(args)."""
