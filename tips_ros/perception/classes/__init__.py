# SPDX-License-Identifier: Apache-2.0
"""Class names, their ids, colours and topics, and the files that list them."""
