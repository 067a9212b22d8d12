"""`busybody-elastic install | upgrade | uninstall | status`: assets into the cluster and Kibana, and out again.

    run("install", config, cluster, dry_run=True).text()

Idempotent. What is not ours is never touched: ours says so in its `_meta`, or stands in our own list (stored.py).
"""

from __future__ import annotations

from contextlib import suppress
from typing import Callable, Iterable

from busybody.errors import BusybodyError

from ..cluster.protocol import Cluster
from ..config import Config
from ..errors import ClusterError
from .features import Features
from .indices import Existing, behind, existing
from .kibana import Kibana, kibana_assets
from .monitors import monitors
from .needed import Needed
from .plan import Plan, Wanted
from .report import (
    ABSENT,
    FAILED,
    INSTALLED,
    KEPT,
    MISSING,
    OUTDATED,
    REMOVED,
    UNCHANGED,
    UPDATED,
    Line,
    Report,
)  # fmt: skip
from .stored import SCHEMA, UNFINISHED, Absent, Asset, Ledger, Mark

__all__ = ["ABSENT", "FAILED", "INSTALLED", "KEPT", "MISSING", "OUTDATED", "REMOVED", "UNCHANGED", "UPDATED", "SCHEMA",
           "Line", "Report", "behind", "run"]  # fmt: skip

DASHBOARDS = "they are Kibana's, and OpenSearch Dashboards takes none of them: nothing was sent to kibana.url"
VERBS = ("install", "upgrade", "uninstall", "status")
Section = tuple[str, Callable[[], Iterable[Asset | Absent]]]


def run(
    verb: str, config: Config, cluster: Cluster, *, dry_run: bool = False, space: str | None = None, data: bool = False,
    kibana: Kibana | None = None,
) -> Report:  # fmt: skip
    """Do it, and say of each asset what became of it. `space` is Kibana's; `data` lets uninstall delete data, too."""
    if verb not in VERBS:
        raise ValueError(verb)
    wanted = wanted_of(config, space)
    own = kibana is None
    kibana = kibana or Kibana.of(config, space)
    try:
        return Installation(cluster, wanted, kibana, dry_run).run(verb, data)
    finally:
        if own and kibana is not None:
            kibana.close()


def wanted_of(config: Config, space: str | None = None) -> Wanted:
    """What the configuration says of the assets' samples."""
    return Wanted(
        namespace=config.namespace,
        kibana=config.kibana.url,
        channel=config.alerts.slack_channel,
        responder=config.alerts.responder,
        space=space or config.kibana.space,
    )


class Installation:
    """One run over all assets."""

    def __init__(self, cluster: Cluster, wanted: Wanted, kibana: Kibana | None, dry_run: bool) -> None:
        self._features = Features(cluster)
        self._ledger = Ledger(cluster)
        self._dry = dry_run
        self._cluster, self._wanted, self._kibana = cluster, wanted, kibana
        self._lines: list[Line] = []
        self._needed = Needed(cluster, wanted.namespace, without_own=False)

    def run(self, verb: str, data: bool = False) -> Report:
        sections = self._sections()
        if verb == "upgrade" and not self._anything(sections):
            self._lines.append(Line("installation", "busybody", FAILED, "nothing is installed here. Run install."))
            return Report(self._lines, self._dry)
        if verb == "uninstall":
            self._needed = Needed(self._cluster, self._wanted.namespace, without_own=data and self._dry)
            sections = self._without(data) + sections[::-1]
        else:
            sections.append(("mapping of", lambda: existing(self._cluster, self._wanted.namespace)))
        try:
            self._each(verb, sections)
        finally:  # of an interrupted run, too
            if not self._dry and verb != "status":
                self._save()
        return Report(self._lines, self._dry)

    def _each(self, verb: str, sections: list[Section]) -> None:
        act = {"status": self._look, "uninstall": self._remove}.get(verb, self._install)
        for kind, assets in sections:
            try:
                found = list(assets())
            except BusybodyError as error:  # of the cluster, or of files of ours that are missing
                self._lines.append(Line(kind, "*", FAILED, str(error)))
                continue
            for asset in reversed(found) if verb == "uninstall" else found:
                self._lines.append(self._line(asset, act))

    def _sections(self) -> list[Section]:
        plan = Plan(self._cluster, self._features, self._ledger, self._wanted)
        return [
            ("lifecycle policy", plan.lifecycles),
            ("ingest pipeline", plan.pipelines),
            ("component template", plan.components),
            ("index template", plan.templates),
            ("watch", plan.watches),
            ("monitor", lambda: monitors(self._cluster, self._ledger, self._wanted)),
            ("Kibana", self._for_kibana),
        ]

    def _for_kibana(self) -> Iterable[Asset | Absent]:
        if self._kibana is not None and self._cluster.flavour == "opensearch":
            return [Absent("Kibana", "assets", DASHBOARDS)]
        watched = not self._features.lacks("watcher")
        return kibana_assets(self._kibana, self._ledger, self._wanted, watched=watched)

    def _without(self, data: bool) -> list[Section]:
        return [("data of", lambda: existing(self._cluster, self._wanted.namespace, "data of"))] if data else []

    def _anything(self, sections: list[Section]) -> bool:
        """Whether one of our index templates is there."""
        try:
            templates = [asset for asset in dict(sections)["index template"]() if not isinstance(asset, Absent)]
            return any((mark := asset.find()) and mark.ours for asset in templates)
        except ClusterError:
            return True  # what is wrong is told with each asset

    def _save(self) -> None:
        try:
            self._ledger.save()
        except ClusterError as error:
            self._lines.append(Line("list of", "what is installed", FAILED, str(error)))

    def _line(self, asset: Asset | Absent, act: Callable[[Asset], tuple[str, str]]) -> Line:
        if isinstance(asset, Absent):
            return Line(asset.kind, asset.name, ABSENT, asset.why)
        try:
            lacks = self._features.lacks(asset.needs)
            if lacks:
                status, why = ABSENT, lacks
            elif asset.idle and act != self._remove:
                status, why = self._leave_out(asset, act == self._look)
            else:
                status, why = act(asset)
        except ClusterError as error:
            status, why = FAILED, str(error)
        return Line(asset.kind, asset.name, status, why)

    def _install(self, asset: Asset) -> tuple[str, str]:
        found = asset.find()
        if found is not None:
            if not found.ours:
                return FAILED, "somebody else's is there under this name. Rename or remove it, then run install again."
            if found.schema > SCHEMA:
                return FAILED, f"it is of a newer Busybody (schema {found.schema}, this one has {SCHEMA}): leave it."
            if found.digest == asset.digest:
                return UNCHANGED, ""
        why = "" if self._dry else self._write(asset, found)
        return (UPDATED if found else INSTALLED), why

    def _write(self, asset: Asset, found: Mark | None) -> str:
        """What is new is listed before it is written: whatever ends this run, the next one knows it for ours."""
        if found is not None or not asset.listed:
            return asset.write(found)
        self._ledger.enter(asset.listed, UNFINISHED)
        try:
            self._ledger.save()
            return asset.write(None)
        except ClusterError:
            with suppress(ClusterError):
                if asset.find() is None:
                    self._ledger.strike(asset.listed)
            raise

    def _leave_out(self, asset: Asset, only_look: bool) -> tuple[str, str]:
        """What the configuration has no use for; one of ours from before goes."""
        found = asset.find()
        if found is None or not found.ours:
            return ABSENT, asset.idle
        if only_look:
            return OUTDATED, asset.idle
        if not self._dry:
            asset.remove()
        return REMOVED, asset.idle

    def _look(self, asset: Asset) -> tuple[str, str]:
        found = asset.find()
        if found is None:
            return MISSING, ""
        if not found.ours:
            return FAILED, "somebody else's is there under this name."
        return (INSTALLED, "") if found.digest == asset.digest else (OUTDATED, "run upgrade")

    def _remove(self, asset: Asset) -> tuple[str, str]:
        found = asset.find()
        if found is None:
            if asset.listed:
                self._ledger.strike(asset.listed)
            return MISSING, ""
        if not found.ours:
            return KEPT, "it is somebody else's"
        if needs := self._needed.by(asset):
            return KEPT, needs
        if self._dry:
            return REMOVED, ""
        try:
            asset.remove()
        except ClusterError as error:
            if error.status in (400, 409) and not isinstance(asset, Existing):
                return KEPT, "something that is not ours uses it"
            raise
        return REMOVED, ""
