"""How long data stays, in the words of the lifecycle that the cluster has. One table (lifecycle/retention.json) for all."""

from __future__ import annotations

from typing import Any

from ..assets import Body, folder, load

PRIORITY = 200


def retention() -> dict[str, dict[str, Any]]:
    """For each stream: its pattern, days kept after it rolled over, and when it rolls over."""
    table: dict[str, dict[str, Any]] = load(folder("lifecycle") / "retention.json")
    return table


def ilm_policy(days: int, rollover_days: int, rollover_gb: int) -> Body:
    """Elasticsearch's index lifecycle management."""
    rollover = {"max_age": f"{rollover_days}d", "max_primary_shard_size": f"{rollover_gb}gb"}
    return {
        "policy": {
            "phases": {
                "hot": {"actions": {"rollover": rollover}},
                "delete": {"min_age": f"{days}d", "actions": {"delete": {}}},
            }
        }
    }


def ilm_component(policy: str) -> Body:
    return {"template": {"settings": {"index.lifecycle.name": policy}}}


def dsl_component(days: int) -> Body:
    """Elasticsearch's data stream lifecycle; it decides itself when to roll over."""
    return {"template": {"lifecycle": {"data_retention": f"{days}d"}}}


def ism_policy(pattern: str, days: int, rollover_days: int, rollover_gb: int) -> Body:
    """OpenSearch's index state management."""
    rollover = {"min_index_age": f"{rollover_days}d", "min_primary_shard_size": f"{rollover_gb}gb"}
    leave = {"state_name": "delete", "conditions": {"min_rollover_age": f"{days}d"}}
    return _ism(
        f"Busybody: {pattern} is kept for {days} days",
        pattern,
        [
            {"name": "hot", "actions": [{"rollover": rollover}], "transitions": [leave]},
            {"name": "delete", "actions": [{"delete": {}}], "transitions": []},
        ],
        PRIORITY,
    )


def ism_keep(pattern: str) -> Body:
    """For a plain index whose name another policy's pattern matches, too: it stays as it is."""
    return _ism(
        f"Busybody: {pattern} stays", pattern, [{"name": "kept", "actions": [], "transitions": []}], PRIORITY + 10
    )


def _ism(description: str, pattern: str, states: list[Body], priority: int) -> Body:
    return {
        "policy": {
            "description": description,
            "default_state": states[0]["name"],
            "states": states,
            "ism_template": [{"index_patterns": [pattern], "priority": priority}],
        }
    }
