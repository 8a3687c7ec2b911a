# SPDX-License-Identifier: Apache-2.0
"""`python -m tips_ros …` is the `tips_ros` command."""

import sys

from tips_ros.cli import main

sys.exit(main())
