# SPDX-License-Identifier: Apache-2.0
"""Names and QoS of topics, and the node base class that outlives its entities' callbacks."""
