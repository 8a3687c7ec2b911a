# SPDX-License-Identifier: Apache-2.0
"""How long a frame takes here, what of it takes how long, and against what else."""
