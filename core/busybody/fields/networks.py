"""The network class of a sign-in: the policy's lists, then the event's own word, its flags, then ASN and name."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from ..places import Place, networks

_REMEMBERED = 65536


class ClassRules:
    """What a policy's network lists say, in front of what events and tables say."""

    def __init__(self, policy: Any = None) -> None:
        lists = getattr(policy, "networks", None)
        found = [(getattr(lists, name, None), network) for name, network in networks.LIST_CLASSES]
        self._lists = [(listed, network) for listed, network in found if listed]
        self._known: Dict[Tuple[Any, ...], Optional[str]] = {}

    def network(
        self,
        ip: Optional[str],
        asn: Optional[int],
        as_org: Optional[str],
        own: Optional[str],
        flags: Tuple[str, ...],
        table: Place,
    ) -> Optional[str]:
        """The class, None where nothing is known. `own` is the event's own word for it, `table` what is known of ip."""
        for listed, network in self._lists:
            if listed.matches(ip, asn):
                return network
        if own is not None and own != "unknown":
            return own
        if not flags and asn == table[6] and table[8] is not None:
            return table[8]
        key = (asn, as_org, flags, table[6], table[8])
        try:
            return self._known[key]
        except KeyError:
            pass
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        found = self._known[key] = _network(asn, as_org, flags, table)
        return found


def _network(asn: Optional[int], as_org: Optional[str], flags: Tuple[str, ...], table: Place) -> Optional[str]:
    flagged = networks.from_flags(flags)
    if flagged is not None or (table.network is not None and asn in (None, table.asn)):
        return flagged or table.network
    return networks.classify(asn, as_org) or table.network
