# SPDX-License-Identifier: Apache-2.0
"""ROS domains for graphs of our own: neither a robot's nor another run's of ours is met there."""

from __future__ import annotations

import os
import random
import socket

# Above 101 the ports of a domain may be taken by outgoing connections on Linux.
_DOMAINS = range(1, 102)
# The first few participants' ports; DDSI-RTPS has two for each.
_PARTICIPANTS = 5
_NAME = "tips_ros/domain"
_MOST = 8
# Domain → what holds it, in the order they were claimed.
_claims: dict[int, socket.socket] = {}


def own_graph_environment() -> dict[str, str]:
    """Environment variables for a ROS graph on this machine that nothing else takes part in.

    Whatever ROS_DOMAIN_ID the user has is left alone: a robot may be there. No other process gets
    the same domain while this one lives.
    """
    environment = {
        "ROS_DOMAIN_ID": str(claim_domain()),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }
    # Up to Humble that is the only word for it; from Jazzy on it earns a warning.
    before_range = os.environ.get("ROS_DISTRO") == "humble"
    meant = {"ROS_LOCALHOST_ONLY": "1" if before_range else ""}
    # These would reach further, whatever the domain.
    meant |= {"ROS_STATIC_PEERS": "", "ROS_DISCOVERY_SERVER": ""}
    return environment | {n: value for n, value in meant.items() if value or os.environ.get(n)}


def claim_domain() -> int:
    """A domain that nobody on this machine uses, for as long as this process lives.

    A process that has had several gets its oldest again, or one that makes graph after graph
    would leave none to others.

    Raises:
        RuntimeError: other processes have all of them.
    """
    if len(_claims) >= _MOST:
        return _oldest()
    domains = [d for d in _DOMAINS if str(d) != os.environ.get("ROS_DOMAIN_ID", "").strip()]
    random.shuffle(domains)
    # Ports in use are somebody's who knows nothing of claims; better there than nowhere.
    for domain in (*filter(_is_quiet, domains), *domains):
        claim = _claim(domain)
        if claim is not None:
            _claims[domain] = claim
            return domain
    if not _claims:
        raise RuntimeError("every ROS domain of this machine is claimed by another run")
    return _oldest()


def _oldest() -> int:
    oldest = next(iter(_claims))
    _claims[oldest] = _claims.pop(oldest)
    return oldest


def _claim(domain: int) -> socket.socket | None:
    """A socket of a name that one process at a time can have; the system frees it with that.

    It is no file: nothing is left behind, no right is needed, and it reaches as far as the
    loopback does, so two containers with networks of their own don't see each other's.
    """
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0{_NAME}/{domain}")
    except OSError:
        claim.close()
        return None
    return claim


def _is_quiet(domain: int) -> bool:
    """Whether nobody has the ports by which participants of a domain find each other."""
    base = 7400 + 250 * domain
    return all(map(_is_free, (base, *range(base + 10, base + 10 + 2 * _PARTICIPANTS))))


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
