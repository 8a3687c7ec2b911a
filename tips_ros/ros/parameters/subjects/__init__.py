# SPDX-License-Identifier: Apache-2.0
"""The parameters by what they are about; each is declared here and nowhere else."""
