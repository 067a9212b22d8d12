"""Whether what this version writes to is there as it writes it: templates and mappings."""

from __future__ import annotations

from fnmatch import fnmatchcase

from .cluster.protocol import Cluster
from .errors import ClusterError
from .install.indices import behind
from .install.stored import MANAGER
from .names import Names

NOT_FOUND, FORBIDDEN = 404, 403


def lacking(cluster: Cluster, names: Names) -> str:
    """Why nothing may be written yet, and what to run; empty where it may. Raises ClusterError.

    Without templates the cluster would guess mappings, and refuse searches later.
    """
    return _without_template(cluster, names) or _older(cluster, names)


def _without_template(cluster: Cluster, names: Names) -> str:
    try:
        found = cluster.request("GET", "/_index_template/busybody-*")["index_templates"]
    except ClusterError as error:
        if error.status == FORBIDDEN:
            return ""  # doctor, run by whoever may look, tells it
        if error.status != NOT_FOUND:
            raise
        found = []
    ours = [row["index_template"] for row in found]
    patterns = [
        pattern
        for template in ours
        if (template.get("_meta") or {}).get("managed_by") == MANAGER
        for pattern in template["index_patterns"]
    ]
    wanted = (*names.streams, *names.indices)
    missing = [name for name in wanted if not any(fnmatchcase(name, pattern) for pattern in patterns)]
    if not missing:
        return ""
    return f"nothing is installed yet for {', '.join(sorted(missing))}. Run busybody-elastic install first."


def _older(cluster: Cluster, names: Names) -> str:
    """Which of ours have mappings of an older version, in words. What does not exist yet has not."""
    for name in (*names.streams, *names.indices):
        try:
            found = behind(cluster, [name])
        except ClusterError as error:
            if error.status != NOT_FOUND:
                raise
        else:
            if found:
                return found
    return ""
