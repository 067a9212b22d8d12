"""How the streams and indices of a namespace are called, and its saved objects in Kibana."""

from __future__ import annotations

OBJECTS = "busybody_"


def objects_prefix(namespace: str, space: str) -> str:
    """How the ids of saved objects begin: Kibana has each id once over all spaces."""
    if namespace != "default":
        return f"{OBJECTS}{space}.{namespace}_"
    return OBJECTS if space == "default" else f"{OBJECTS}{space}_"


class Names:
    """The streams and indices of one namespace."""

    def __init__(self, namespace: str = "default") -> None:
        self.namespace = namespace
        self.score = f"logs-busybody.score-{namespace}"
        self.alert = f"logs-busybody.alert-{namespace}"
        self.heartbeat = f"logs-busybody.heartbeat-{namespace}"
        self.risk = f"busybody-risk-{namespace}"
        self.risk_latest = f"busybody-risk-latest-{namespace}"
        self.incident = f"busybody-incident-{namespace}"
        self.verdict = f"busybody-verdict-{namespace}"
        self.answer = f"busybody-answer-{namespace}"
        self.notified = f"busybody-notified-{namespace}"
        self.dead = f"busybody-dead-{namespace}"
        self.state = f"busybody-state-{namespace}"

    @property
    def streams(self) -> tuple[str, ...]:
        """The data streams: they take op create only."""
        return self.score, self.alert, self.heartbeat, self.risk

    @property
    def indices(self) -> tuple[str, ...]:
        """The plain indices."""
        return self.risk_latest, self.incident, self.verdict, self.answer, self.notified, self.dead, self.state
