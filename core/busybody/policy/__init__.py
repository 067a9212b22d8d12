"""The policy: thresholds, weights, lists and learning rules; one schema, three spellings, errors that name their key."""

from .lists import NetworkList, PeopleList
from .model import Policy
from .problems import InvalidPolicy
from .sections import Source

__all__ = ["InvalidPolicy", "NetworkList", "PeopleList", "Policy", "Source"]
