# SPDX-License-Identifier: Apache-2.0
"""Arguments that several commands share, and checks of where output may go."""
