# SPDX-License-Identifier: Apache-2.0
"""A Ray cluster of several node processes on this machine, until standard input ends.

Prints its address, once the head without cores and the nodes with one core each are there.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

MEMORY = 80_000_000  # bytes of a node's object store: next to the least


def main(nodes: int) -> None:
    """Starts the nodes and ends them."""
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        # Its own, that of nobody else's cluster.
        os.environ |= {"RAY_TMPDIR": folder, "RAY_USAGE_STATS_ENABLED": "0"}
        os.environ |= {"RAY_worker_niceness": "0"}  # not 15: other tests would starve it
        Path(folder, "ray").mkdir()
        from ray.cluster_utils import Cluster

        of_each = {"object_store_memory": MEMORY, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args={**of_each, "num_cpus": 0})
        try:
            for _ in range(nodes):
                cluster.add_node(num_cpus=1, **of_each)
            cluster.wait_for_nodes()
            print("address", cluster.address, flush=True)
            sys.stdin.read()
        finally:
            cluster.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
