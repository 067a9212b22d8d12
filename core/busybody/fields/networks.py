"""The network class of a sign-in: the policy's lists, then the event's own word, then its flags, then ASN and name."""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence, Tuple

from ..places.table import Place

try:
    from ..places.networks import classify
except ImportError:
    classify = lambda asn, as_org: None

_REMEMBERED = 65536
BY_FLAG = (("tor", "tor"), ("vpn", "vpn"), ("anonymous", "vpn"), ("hosting", "hosting"), ("proxy", "vpn"))
BY_LIST = (("tor", "tor"), ("vpn", "vpn"), ("hosting", "hosting"), ("egress", "organisation"))


class ClassRules:
    """What a policy's network lists say, in front of what events and tables say."""

    def __init__(self, policy: Any = None) -> None:
        lists = getattr(policy, "networks", None)
        found = [(getattr(lists, name, None), network) for name, network in BY_LIST]
        self._lists = [(listed, network) for listed, network in found if listed]
        self._known: Dict[Tuple[Optional[int], Optional[str]], Optional[str]] = {}

    def network(
        self,
        ip: Optional[str],
        asn: Optional[int],
        as_org: Optional[str],
        own: Optional[str],
        flags: Sequence[str],
        table: Place,
    ) -> Optional[str]:
        """The class, None where nothing is known. `own` is the event's own word for it, `table` what is known of ip."""
        for listed, network in self._lists:
            if listed.matches(ip, asn):
                return network
        if own is not None and own != "unknown":
            return own
        if flags:
            for flag, network in BY_FLAG:
                if flag in flags:
                    return network
        if table.network is not None and (asn == table.asn or asn is None):
            return table.network
        return self._classified(asn, as_org) or table.network

    def _classified(self, asn: Optional[int], as_org: Optional[str]) -> Optional[str]:
        key = (asn, as_org)
        if key in self._known:
            return self._known[key]
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        found = self._known[key] = classify(asn, as_org) if asn is not None or as_org is not None else None
        return found
