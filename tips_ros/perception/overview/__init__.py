# SPDX-License-Identifier: Apache-2.0
"""One picture that shows all outputs of a frame side by side."""
