"""What the service needs of a cluster, and its two implementations."""

from .protocol import Cluster, Doc, Hit, Item, Page

__all__ = ["Cluster", "Doc", "Hit", "Item", "Page"]
