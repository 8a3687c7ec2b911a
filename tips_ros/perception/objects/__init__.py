# SPDX-License-Identifier: Apache-2.0
"""Things: the instances of a frame, and the ids that they keep from frame to frame."""
