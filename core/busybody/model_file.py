"""A model as a file: JSON Lines, one header, one line for each person in order of name, one end.

    {"format":"busybody-model","version":1,"population":{…}}
    {"user":"ana","profile":{…},"journal":[…],"settles":[493056]}
    {"people":1,"sha256":"…"}

Written and read one person at a time. `load` checks everything before it gives anything back: what it gives lies in a
temporary file, so that nothing can change between the check and the commit. docs/model.md describes the format.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from typing import IO, Any, BinaryIO, Dict, Iterable, Iterator, Mapping, Optional, Tuple, TypeVar

from .decay import Decay
from .distinct import distinct
from .errors import ModelError, shown
from .model import Population, State, joined, later, population_of, state, states
from .model_schema import fault
from .population import Organisation
from .population.delta import Delta
from .population.evidence import Evidence
from .profile.codec import VERSION as PROFILE_VERSION
from .stores import Row, Store

FORMAT, VERSION = "busybody-model", 1
LONGEST_LINE = 1 << 28  # bytes; the population of a large organisation has some MB
AGAIN = "Export it again."
V = TypeVar("V")


def dump(population: Optional[Population], people: Iterable[State]) -> Iterator[bytes]:
    """The lines of the file. The same model is the same bytes."""
    digest = hashlib.sha256()
    number = 0
    header = {"format": FORMAT, "version": VERSION, "population": population}
    first = _compact(header)
    digest.update(first)
    yield first
    for one in people:
        user = json.dumps(one.user, ensure_ascii=False)
        settles = json.dumps(one.settles, separators=(",", ":"))
        text = f'{{"user":{user},"profile":{one.profile},"journal":{one.journal or "null"},"settles":{settles}}}\n'
        line = text.encode("utf-8")
        digest.update(line)
        number += 1
        yield line
    yield _compact({"people": number, "sha256": digest.hexdigest()})


def _compact(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n").encode("utf-8")


class Loaded:
    """A model that was read whole and found good. Close it: its people lie in a temporary file."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.population: Optional[Population] = None
        self.people = 0
        self.settles: Dict[str, Tuple[int, ...]] = {}  # of those who wait
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by `close`

    def add(self, one: State) -> None:
        self._file.write(json.dumps(one).encode("ascii") + b"\n")
        self.people += 1
        if one.settles:
            self.settles[one.user] = one.settles

    def rows(self) -> Iterator[State]:
        """Everybody, in order of name. Several readers may go at their own pace."""
        self._file.flush()
        place = 0
        while True:
            self._file.seek(place)
            line = self._file.readline()
            if not line:
                return
            place += len(line)
            user, profile, journal, settles, last_seen = json.loads(line)
            yield State(user, profile, journal, tuple(settles), last_seen)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Loaded:  # noqa: PYI034  typing.Self came with 3.11
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def load(stream: BinaryIO, source: str) -> Loaded:
    """Reads and checks a whole file. Raises ModelError that names source, line and key; nothing is half read."""
    loaded = Loaded(source)
    try:
        _read(stream, loaded)
    except BaseException:
        loaded.close()
        raise
    return loaded


def _read(stream: BinaryIO, loaded: Loaded) -> None:
    source, digest, last = loaded.source, hashlib.sha256(), ""
    ended = False
    number = 0
    for number, line in _lines(stream, source):
        if ended:
            raise ModelError(f"something follows the end. {AGAIN}", source=source, line=number)
        value = _value(line, source, number)
        if number == 1:
            loaded.population = _header(value, source)
        elif "sha256" in value:
            _check("end", value, source, number)
            _end(value, loaded, digest.hexdigest(), number)
            ended = True
        else:
            one = _person(value, source, number)
            if one.user <= last:
                told = "stands twice, or out of order: lines are in code-point order of the user"
                raise ModelError(f"{shown(one.user)} {told}.", source=source, line=number, key="user")
            last = one.user
            loaded.add(one)
        digest.update(line)
    if not ended:
        what = "is empty, no model" if not number else f"is cut short: the last line is missing after line {number}"
        raise ModelError(f"{what}. {AGAIN}", source=source)


def _lines(stream: BinaryIO, source: str) -> Iterator[Tuple[int, bytes]]:
    number = 0
    while True:
        line = stream.readline(LONGEST_LINE)
        if not line:
            return
        number += 1
        if len(line) >= LONGEST_LINE:
            raise ModelError(f"is longer than {LONGEST_LINE} bytes, no line of a model.", source=source, line=number)
        yield number, line


def _value(line: bytes, source: str, number: int) -> Dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8"), object_pairs_hook=distinct, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        told = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ModelError(f"is no line of a model: {told}. {AGAIN}", source=source, line=number) from error
    if not isinstance(value, dict):
        raise ModelError(f"is no line of a model: {shown(value)}. {AGAIN}", source=source, line=number)
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number that JSON has")


def _check(kind: str, value: Any, source: str, line: int) -> None:
    found = fault(kind, value)
    if found is not None:
        raise ModelError(f"{found.message}. {AGAIN}", source=source, line=line, key=found.path or None)


def _header(value: Dict[str, Any], source: str) -> Optional[Population]:
    version = value.get("version")
    if value.get("format") != FORMAT:
        raise ModelError(
            "is no exported model: it does not begin with its header. Check the file.", source=source, line=1
        )
    if isinstance(version, int) and version > VERSION:
        told = f"the model is of version {version}, this Busybody reads up to {VERSION}. Upgrade Busybody."
        raise ModelError(told, source=source, line=1, key="version")
    _check("header", value, source, 1)
    population: Optional[Population] = value["population"]
    if population is not None:
        try:
            Organisation.from_json(population["organisation"], Decay(30.0))
            Evidence.from_json(population["evidence"])
            Delta.from_json(population["delta"])
        except ModelError as error:
            raise ModelError(error.message, source=source, line=1, key="population") from error
        except (ValueError, TypeError, LookupError) as error:
            told = f"does not hang together ({error!r}). {AGAIN}"
            raise ModelError(told, source=source, line=1, key="population") from error
    return population


def _person(value: Dict[str, Any], source: str, line: int) -> State:
    profile = value.get("profile")
    version = profile.get("v") if isinstance(profile, dict) else None
    if not (isinstance(version, int) and version > PROFILE_VERSION):  # the codec has better words for a newer one
        _check("person", value, source, line)
    text = json.dumps(profile, separators=(",", ":"))
    journal = value.get("journal")
    try:
        value["user"].encode("utf-8")
        one = state(value["user"], text, None if journal is None else json.dumps(journal), value["settles"])
        one.profile.encode("utf-8")
        (one.journal or "").encode("utf-8")
    except ModelError as error:
        raise ModelError(error.message, source=source, line=line, key=error.key) from error
    except UnicodeEncodeError as error:
        raise ModelError(f"has half a character. {AGAIN}", source=source, line=line) from error
    return one


def _end(value: Dict[str, Any], loaded: Loaded, digest: str, line: int) -> None:
    if value["people"] != loaded.people:
        told = f"says {value['people']} people, and there are {loaded.people}. {AGAIN}"
        raise ModelError(told, source=loaded.source, line=line, key="people")
    if value["sha256"] != digest:
        told = f"the checksum does not fit: the file was changed or damaged on its way. {AGAIN}"
        raise ModelError(told, source=loaded.source, line=line, key="sha256")


def take_in(loaded: Loaded, store: Store, *, replace: bool = False) -> int:
    """Adds a loaded model to a store, in one commit; says how many people are new or changed.

    A person whom the store has otherwise, and tables that differ at the same time, are refused with a ModelError,
    unless `replace` lets the file win. Nothing is written then.
    """
    population, there = population_of(store)
    try:
        kept = loaded.population if replace and loaded.population is not None else later(population, loaded.population)
    except ModelError as error:
        raise ModelError(
            f"{error.message} --replace takes those of the file.", source=loaded.source, key=error.key
        ) from None
    changed = 0
    for one in loaded.rows():
        known = next(states(store, (one.user,), there), None)
        if known is not None and known[:3] == one[:3]:
            continue
        changed += 1
        if known is not None and not replace:
            told = "is known to the store, and otherwise. --replace takes the one of the file."
            raise ModelError(f"{shown(one.user)} {told}", source=loaded.source, key="user")
    settles: Dict[str, Iterable[int]] = {**there, **loaded.settles}
    store.commit(_Profiles(loaded), _Journals(loaded), joined(kept, settles))
    return changed


class _Column(Mapping[str, V]):
    """One column of the people, read from the file as it is gone through: memory holds one line.

    Asked for one after the other in order of name, as stores do, it goes through the file once.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._restart()

    def _restart(self) -> None:
        self._rows = self._loaded.rows()
        self._at: Optional[State] = next(self._rows, None)

    def __len__(self) -> int:
        return self._loaded.people

    def __iter__(self) -> Iterator[str]:
        for one in self._loaded.rows():
            yield one.user

    def __getitem__(self, user: str) -> V:
        if self._at is None or self._at.user > user:
            self._restart()
        while self._at is not None and self._at.user < user:
            self._at = next(self._rows, None)
        if self._at is None or self._at.user != user:
            raise KeyError(user)
        return self._of(self._at)

    def _of(self, one: State) -> V:
        raise NotImplementedError


class _Profiles(_Column[Optional[Row]]):
    def _of(self, one: State) -> Row:
        return one.row


class _Journals(_Column[Optional[str]]):
    def _of(self, one: State) -> Optional[str]:
        return one.journal
