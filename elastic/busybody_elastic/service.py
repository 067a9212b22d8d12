"""The service: everything of one instance put together from its configuration, started and stopped.

    with Service(config, ("reader",)) as service:
        service.follow()

What was taken in is committed and every lease released when it stops on SIGTERM or SIGINT; whatever a crash left half
done is read again by the next start.
"""

from __future__ import annotations

import gc
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from types import FrameType
from typing import Any, Self

from busybody.errors import ModelError, StoreError
from busybody.identity import Identity

from .cluster import Cluster, connect
from .config import Config
from .documents import Documents
from .errors import ClusterError, Lost
from .log import get
from .opening import open_router
from .partition import Partition
from .reader.feed import Stopped
from .reader.follow import Reader
from .reader.loop import Loop
from .records import API, GATEWAY, READER
from .results import Results
from .sweep import Sweep

HEARTBEAT, VERDICTS, RISK, PUBLISH = 30.0, 5.0, 3600.0, 1.0  # seconds between two rounds of each
LOOK = 10.0  # seconds between two looks whether everything is installed
LAGGING = 300.0  # seconds behind the head
IDLE = 900.0  # seconds without a sign-in
STARTING = 60.0  # seconds at most, until something is read
DAMAGED = "what is known of somebody is damaged, or of a newer version: what concerns them is not done"
STOPPED = "stopped"  # state of the last heartbeat of an instance that was stopped on purpose
COLLECT = 100_000, 50, 1000  # a batch makes thousands of objects, none in a cycle: looking for some costs much
tell = get("service")


class Service:
    """One instance. `stop` ends it; `failure` is what it died of, if it did."""

    def __init__(
        self, config: Config, entrances: Sequence[str], *, cluster: Cluster | None = None,
        stop: threading.Event | None = None, now: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        """Connects. Raises ClusterError where the cluster cannot be reached, StoreError, MissingExtra."""
        self.config, self.entrances, self.now = config, list(entrances), now
        self.stop = stop or threading.Event()
        self.failure: BaseException | None = None
        self.cluster = cluster or connect(config.cluster)
        documents = Documents(
            config.namespace, config.state.instance, kibana=config.kibana.url, space=config.kibana.space
        )
        self.results = Results(self.cluster, documents, scores={GATEWAY: config.gateway.scores})
        self.router, self.answering = open_router(config, self.cluster, self.results, clock=now)
        self.reader = self._reader(follows=READER in entrances)
        self.sweep = Sweep(
            self.reader, every_seconds=config.reader.reconcile_minutes * 60.0,
            back_seconds=config.reader.reconcile_hours * 3600.0, gateway_scores=config.gateway.scores, now=now,
        )  # fmt: skip
        self.loop = Loop(self.reader, self.sweep, config.reader.interval_seconds, self.stop)
        self._threads: list[threading.Thread] = []
        self.let_through: Callable[[], int] = lambda: 0  # sign-ins that the doors let through unscored: they say it
        self._behind = ""
        self._alive = False  # between start and stop
        self._since = now()

    def _reader(self, *, follows: bool) -> Reader:
        section = self.config.reader
        return Reader(
            self.cluster, self.router, self.results.known, self.config.policy, indices=section.indices,
            everything=section.filter == "all", page=section.page, overlap_seconds=section.overlap_seconds,
            learn_days=section.learn_days, quiet_after_seconds=self.config.alerts.quiet_after_minutes * 60.0,
            follows=follows,
            stop=self.stop, now=self.now,
        )  # fmt: skip

    # Live ---------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and not issubclass(kind, Lost):
            self._alive = False  # it died: nobody may call that a stop
        self.close()

    def start(self) -> None:
        """Take people, and do what has to be done now and then. Waits while templates are missing or mappings older."""
        self._wait_for_mappings()
        if self.stop.is_set():
            return
        self.router.start()
        self._alive, self._since = True, self.now()
        for name, seconds, work in (
            ("heartbeat", HEARTBEAT, self.beat),
            ("verdicts", VERDICTS, self._verdicts()),
            ("risk", RISK, self._hourly),
            ("results", PUBLISH, self._publish),
        ):
            self._run(name, partial(self._every, seconds, work))
        state = self.config.state
        tell.info(
            "started", instance=state.instance, entrances=",".join(self.entrances), cluster=self.cluster.name,
            product=self.cluster.flavour, version=".".join(map(str, self.cluster.version)),
        )  # fmt: skip

    def follow(self) -> None:
        """Read until stopped, in this thread."""
        self.loop.run()

    def follow_aside(self) -> None:
        """Read until stopped, in a thread of its own."""
        self._run("reader", self.loop.run)

    def lead(self) -> None:
        """Wait until the people are ours. Raises Lost where another instance keeps them, Stopped where we are to stop."""
        seconds, owner = self.config.state.lease_seconds, ""
        until = time.monotonic() + 2 * seconds + 5.0
        while not self.router.leads:
            if self.stop.wait(0.05):
                raise Stopped
            if not owner and (owner := self.router.owners.owner_of(0)):
                tell.info("waits for the people of another instance", owner=owner, lease_seconds=seconds)
            if time.monotonic() > until:
                raise Lost(
                    f"another instance, {owner or 'of an unknown name'}, owns the people. Stop it, run this again, and "
                    "start it when this is done: its reader goes on where it stopped."
                )

    def close(self) -> None:
        """Commit what was taken in and release the people. Closing twice does nothing more."""
        self.stop.set()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        last = self._beat(STOPPED)
        self.router.close()
        if self._alive and self.failure is None:
            with suppress(ClusterError):
                self._write(last)
            tell.info("stopped, with everything committed", instance=self.config.state.instance, scored=last["scored"])
        self._alive = False
        self.cluster.close()

    # What it says of itself ---------------------------------------------------------------------------------

    def status(self) -> Mapping[str, Any]:
        """For /readyz and /metrics: `ready`, `reason`, and numbers."""
        owned, stats = self.router.owned(), self.reader.stats
        reason = self._behind or ("" if owned or self._others() else "nobody owns the people yet")
        return {
            "ready": not reason, "reason": reason, "partitions": len(owned), "epoch": self.router.epoch,
            "lag_seconds": stats.lag_seconds, "reader": self._waits(), "read": stats.read, "found_by_sweep": self.sweep.found, "refused_documents": self.results.dead,
        }  # fmt: skip

    def beat(self) -> None:
        """Write one heartbeat."""
        self._write(self._beat())

    def _beat(self, state: str = "") -> dict[str, Any]:
        """What a heartbeat says, with that state or the one that it is in."""
        partitions = [partition.status() for partition in self.router.partitions()]
        stats = self.reader.stats
        last_signin = max((one["last_signin"] for one in partitions), default=0.0)
        last_scored = max((one["last_scored"] for one in partitions), default=0.0)
        scored = sum(one["scored"] for one in partitions)
        state = state or self._state(bool(partitions), stats.read + scored > 0, max(last_scored, self._since))
        return {
            "entrances": self.entrances, "partitions": [one["partition"] for one in partitions], "state": state,
            "lag_seconds": stats.lag_seconds, "last_signin": last_signin or None, "last_scored": last_scored or None,
            "scored": scored, "unscored": self.let_through(), "broken": stats.broken,
            "skipped": stats.skipped, "epoch": self.router.epoch,
        }  # fmt: skip

    def _state(self, owns: bool, has_read: bool, last: float) -> str:
        """`last`: when it last scored, or began. Only who owns people can be behind with them or miss their sign-ins."""
        now = self.now()
        if not has_read and now - self._since <= STARTING:
            return "starting"
        if not owns:
            return "standby"
        waits = READER in self.entrances and self.loop.waiting and self.router.leads
        if waits or self.reader.stats.lag_seconds > LAGGING:
            return "lagging"
        return "idle" if now - last > IDLE else "ok"

    def _waits(self) -> str:
        """Why nothing is read, where it should be; which indices are left out."""
        if READER not in self.entrances or not self.router.leads:
            return ""
        left = "; ".join(f"{index} is not read: {why}" for index, why in sorted(self.reader.left_out.items()))
        return self.loop.waiting or left

    def _write(self, beat: Mapping[str, Any]) -> None:
        self.results.heartbeat(self.results.documents.heartbeat(self.now(), beat))

    def _others(self) -> bool:
        return any(self.router.owners.address_of(number) for number in range(self.config.state.partitions))

    # Now and then -------------------------------------------------------------------------------------------

    def _verdicts(self) -> Callable[[], None]:
        from .verdicts import Verdicts

        verdicts = Verdicts(
            self.cluster, self.results.names, partition_of=self.router.partition_of,
            partitions=self.router.partitions, normal=Identity(self.config.policy).normal,
        )  # fmt: skip

        def take() -> None:
            if self.router.owned() and verdicts.sweep():
                self.router.commit()

        return take

    def _hourly(self) -> None:
        if self.router.leads:
            self.results.delete_old(self.now())
        for partition in self.router.partitions():
            partition.refresh_risk(partial(self._belongs, partition))

    def _belongs(self, partition: Partition, user: str) -> bool:
        return self.router.partition_of(user) is partition

    def _publish(self) -> None:
        """Results and alerts are out at once, however long the state waits; that follows before memory grows."""
        self.router.local.publish()
        if any(partition.wants_commit for partition in self.router.partitions()):
            self.router.commit()

    def _wait_for_mappings(self) -> None:
        """Without templates, or with older mappings, what is written would be refused."""
        from .installed import lacking

        while not self.stop.is_set():
            before, self._behind = self._behind, lacking(self.cluster, self.results.names)
            if not self._behind:
                return
            if self._behind != before:
                tell.warning(self._behind)
            self.stop.wait(LOOK)

    def _every(self, seconds: float, work: Callable[[], None]) -> None:
        """Do it every so often. What the cluster refuses, or one person's damaged model, is said and tried again."""
        said = ""
        while True:
            try:
                work()
                said = ""
            except (ClusterError, StoreError, ModelError, Lost) as error:
                words = DAMAGED if isinstance(error, ModelError) else str(error)  # its own name the person
                if words != said:
                    said = words
                    tell.warning("tried again later", work=threading.current_thread().name, error=said)
            if self.stop.wait(seconds):
                return

    def _run(self, name: str, work: Callable[[], None]) -> None:
        """In a thread of its own. What nobody foresaw ends the service: its supervisor starts it anew."""

        def guarded() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001  a thread that dies in silence would be worse
                self.failure = error
                tell.error("the service ends: a part of it failed", work=name, error=type(error).__name__)
                self.stop.set()

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()


def collect_seldom() -> None:
    """Let the garbage collector look seldom, and never at what was there at the start."""
    gc.freeze()
    gc.set_threshold(*COLLECT)


@contextmanager
def signals(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set `stop`; a second one ends the process at once."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def halt(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            signal.signal(number, before[signal.Signals(number)])
            signal.raise_signal(number)
        stop.set()

    for number in before:
        signal.signal(number, halt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(config: Config, *, doors: bool, once: bool = False, span: tuple[float, float] | None = None) -> Service:
    """Run until it is done or stopped; the closed service, to be asked what became of it.

    Raises ClusterError, StoreError, Lost; what a thread died of is raised, too.
    """
    stop = threading.Event()
    reads = not doors or config.reader.enabled
    entrances = [*([READER] if reads else []), *([API] if doors else [])]
    if doors and config.gateway.enabled:
        entrances.append(GATEWAY)
    if once or span is not None:  # beside a service of this name it must not pass for that one, started anew
        config = replace(config, state=replace(config.state, instance=f"{config.state.instance}-once"))
    with signals(stop), Service(config, entrances, stop=stop) as service:
        service.start()
        collect_seldom()
        if span is not None:
            _to_the_end(service, lambda: _back_fill(service, span))
        elif once:
            _to_the_end(service, lambda: _once(service))
        elif doors:
            _serve(service, reads)
        else:
            service.follow()
    if service.failure is not None:
        raise service.failure
    return service


def _to_the_end(service: Service, work: Callable[[], None]) -> None:
    """Until it is done, or stopped with what it fed committed."""
    with suppress(Stopped):
        service.lead()
        work()


def _once(service: Service) -> None:
    while service.reader.cycle():
        pass


def _back_fill(service: Service, span: tuple[float, float]) -> None:
    from .backfill import backfill

    backfill(service.reader, *span, now=service.now)
    service.router.commit(done=True)


def _serve(service: Service, reads: bool) -> None:
    from .app import build_app, serve

    internal = service.answering.routes() if service.answering is not None else ()
    app = build_app(service.config, service.router, status=service.status, internal=internal)
    service.let_through = app.state.metrics.let_through
    if reads or service.config.gateway.enabled:  # without a reader it looks after what was stamped before a crash
        service.follow_aside()
    serve(app, service.config.server, service.stop)
