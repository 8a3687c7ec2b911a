# SPDX-License-Identifier: Apache-2.0
"""The demonstration: a rendered room to drive through, so that nothing has to be downloaded."""
