"""`busybody train`: models that are fitted offline on a log, and scored without any package."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, FrozenSet, Iterator, Optional, Tuple

from .files import open_input, write_whole
from .inputs import Teller, moment
from .options import add_policy, load_policy

if TYPE_CHECKING:
    from collections import Counter

    from ..policy import Policy
    from ..signin import SignIn

DESCRIPTION = """\
Trains a model on a log of sign-ins, offline, and writes it as JSON. Training needs scikit-learn, and PyOD for some of the
algorithms (pip install 'busybody[train]'); scoring needs neither. docs/training.md says what each model is good for.
"""
EPILOG = """\
examples:
  busybody train outliers month.jsonl --output outliers.json
  busybody train outliers month.jsonl --like-busybody-1 --output people.json
  busybody train fusion month.jsonl --output our-fusion.json
  busybody train show outliers.json

exit codes: 0 done · 1 done, but some records were broken · 2 usage or policy · 3 cannot read, write or train
"""
OUTLIERS = """\
Trains a model of what is usual: one for the whole organisation, or one for each person. It is asked only about sign-ins
that are odd already, and adds a bounded contribution. Name the file in the policy (trained.model) to switch it on.
"""
FUSION = """\
Trains how what the detectors find becomes one number, on honest sign-ins and impostors made of them: no attack need be
known. Give some weeks that you trust. Name the file in the policy (trained.fusion) to score with it.
"""


def add(subparsers: Any) -> None:
    """The parser of the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "train", help="train a model on a log, to score with it later", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    _add_outliers(verbs)
    _add_fusion(verbs)
    show = verbs.add_parser(
        "show", help="say what is in a trained model", description="Checks a trained model and says what it was trained on.",
        epilog="example: busybody train show outliers.json",
    )  # fmt: skip
    show.add_argument("file", metavar="FILE", help="a trained model; - is standard input")
    show.add_argument("--output", choices=("table", "json"), default="table", help="default: table")


def _add_outliers(verbs: Any) -> None:
    from ..train.fit import Settings
    from ..trained.features import NAMES
    from ..trained.model import ALGORITHMS, ORGANISATION, PERSON

    usual = Settings()
    parser: argparse.ArgumentParser = verbs.add_parser(
        "outliers", help="train a model of what is usual", description=OUTLIERS,
        epilog=f"features: {', '.join(NAMES)}\n\nexample: busybody train outliers month.jsonl --algorithm hbos --output outliers.json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add_log(parser)
    _add_output(parser)
    parser.add_argument(
        "--algorithm",
        choices=tuple(ALGORITHMS),
        default=usual.algorithm,
        help=f"how to tell outliers ({usual.algorithm})",
    )
    parser.add_argument(
        "--scope",
        choices=(ORGANISATION, PERSON),
        default=ORGANISATION,
        help=f"one model for everybody, or one for each person ({ORGANISATION})",
    )
    parser.add_argument("--people", nargs="+", metavar="PERSON", help="train on these people alone")
    parser.add_argument(
        "--features", type=names, metavar="NAMES", help="what the model sees, separated by commas (all)"
    )
    parser.add_argument(
        "--like-busybody-1", action="store_true",
        help="a forest for each person on place, network and device, as busybody 1.0 had it",
    )  # fmt: skip
    parser.add_argument(
        "--trees", type=whole, default=usual.trees, metavar="N", help=f"trees of a forest ({usual.trees})"
    )
    parser.add_argument(
        "--max-samples",
        type=whole,
        default=usual.max_samples,
        metavar="N",
        help=f"sign-ins that each tree is made of ({usual.max_samples})",
    )
    parser.add_argument(
        "--bins",
        type=whole,
        default=usual.bins,
        metavar="N",
        help=f"bins of an HBOS histogram, at least 3 ({usual.bins})",
    )
    parser.add_argument(
        "--seed", type=int, default=usual.seed, metavar="N", help=f"the same seed, the same forest ({usual.seed})"
    )


def _add_fusion(verbs: Any) -> None:
    parser: argparse.ArgumentParser = verbs.add_parser(
        "fusion", help="train how the detectors' findings become one number", description=FUSION,
        epilog="example: busybody train fusion month.jsonl --output our-fusion.json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add_log(parser)
    _add_output(parser)
    parser.add_argument(
        "--alone", action="store_true", help="this log's trees alone; else they are averaged with the shipped ones"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed, the same impostors (0)")


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", default="-", metavar="FILE", help="where to, whole or not at all; - is standard output (-)"
    )


def add_log(parser: argparse.ArgumentParser) -> None:
    """The log to train on."""
    from ..fields.containers import FORMATS

    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="log, pattern ('logs/*.json.gz') or - for standard input"
    )
    add_policy(parser)
    parser.add_argument("--format", choices=FORMATS, help="container of the records, where it is not recognised")
    parser.add_argument("--source", metavar="NAME", help="data set, such as okta.system; default: what the records say")
    parser.add_argument(
        "--now",
        metavar="TIME",
        help="the time that counts as now, and that the model bears (epoch seconds or ISO 8601); default: the clock",
    )


def whole(text: str) -> int:
    """A whole number from 1 up."""
    if not text.isdigit() or not 0 < int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no count. Give a whole number from 1.")
    return int(text)


def names(text: str) -> Tuple[str, ...]:
    """Names separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says."""
    return {"outliers": _outliers, "fusion": _fusion, "show": _show}[arguments.verb](arguments)


class Log:
    """The sign-ins of a log, and how many of its records were broken."""

    def __init__(self, arguments: argparse.Namespace, policy: Policy) -> None:
        import time

        self._arguments = arguments
        self._policy = policy
        self._teller = Teller(False)
        given = moment(arguments.now)
        self.now = time.time() if given is None else given

    def signins(self) -> Iterator[SignIn]:
        """All of them, by time."""
        from ..train.history import signins

        asked = self._arguments
        return signins(
            asked.files, self._policy, self.now, self._teller.broken, container=asked.format, source=asked.source
        )

    @property
    def code(self) -> int:
        """The exit code that says whether records were broken."""
        return 1 if self._teller.told else 0


def _outliers(arguments: argparse.Namespace) -> int:
    from ..train.fit import Settings
    from ..train.outliers import Request, train
    from ..trained.features import NAMES, PLACE_NETWORK_DEVICE
    from ..trained.file import dump
    from ..trained.model import PERSON

    policy = load_policy(arguments)
    log = Log(arguments, policy)
    features = _features(arguments.features) or NAMES
    algorithm, scope = arguments.algorithm, arguments.scope
    if arguments.like_busybody_1:
        algorithm, scope, features = "isolation_forest", PERSON, PLACE_NETWORK_DEVICE
    settings = Settings(algorithm, arguments.trees, arguments.max_samples, arguments.bins, None, arguments.seed)
    document = train(log.signins(), policy, Request(settings, features, scope, _keys(arguments, policy)), log.now)
    _write(arguments.output, dump(document), "trained.model")
    return log.code


def _fusion(arguments: argparse.Namespace) -> int:
    from collections import Counter

    from ..fusion.trees import averaged, chosen, to_json
    from ..train.fusion import examples, fit
    from ..train.libraries import library
    from ..trained.file import dump
    from .tables import note

    library("sklearn.ensemble", "scikit-learn", "training the fusion")  # before a long log is read
    policy = load_policy(arguments)
    policy = policy._replace(trained=policy.trained._replace(fusion="shipped"))  # not what is about to be replaced
    log = Log(arguments, policy)
    sources: Counter[str] = Counter()
    found = examples(_counted(log.signins(), sources), policy, arguments.seed)
    trees = fit(found, {"seed": arguments.seed, "sources": dict(sorted(sources.items()))})
    shipped = None if arguments.alone else chosen("shipped")
    note(
        f"{found.signins:,} sign-ins of {len(found.people):,} people, {len(found.honest):,} of them odd; "
        f"{len(found.impostors):,} odd impostors" + ("; averaged with the shipped fusion" if shipped else "")
    )
    _write(arguments.output, dump(to_json(averaged(trees, shipped) if shipped else trees)), "trained.fusion")
    return log.code


def _counted(signins: Iterator[SignIn], sources: Counter[str]) -> Iterator[SignIn]:
    """The same sign-ins, counted by their source."""
    for signin in signins:
        sources[signin.source] += 1
        yield signin


def _features(given: Optional[Tuple[str, ...]]) -> Optional[Tuple[str, ...]]:
    from ..errors import PolicyError, shown
    from ..trained.features import FEATURES

    for name in given or ():
        if name not in FEATURES:
            raise PolicyError(f"{shown(name)} is no feature. There are {', '.join(FEATURES)}.", key="--features")
    return given


def _keys(arguments: argparse.Namespace, policy: Policy) -> Optional[FrozenSet[str]]:
    """The people that were named, as the store names them."""
    from ..identity import Identity

    if not arguments.people:
        return None
    identity = Identity(policy)
    return frozenset(identity.pseudonym(identity.normal(name)) for name in arguments.people)


def _write(path: str, data: bytes, key: str) -> None:
    from .tables import note

    if path == "-":
        sys.stdout.buffer.write(data)
        return
    write_whole(path, [data], private=True)
    note(f"{path}: {len(data):,} bytes written. Name it in the policy to score with it: {key}")


def _show(arguments: argparse.Namespace) -> int:
    from ..trained import load
    from .fusion import is_fusion, lines, parsed
    from .tables import say, say_json

    with ExitStack() as stack:
        data = open_input(arguments.file, stack).read()
    if is_fusion(data):
        trees = parsed(data, arguments.file)
        if arguments.output == "json":
            say_json(
                {"trees": len(trees.roots), "scale": trees.scale, "blend": trees.blend, **trees.provenance}, indent=2
            )
        else:
            for line in lines(trees, arguments.file):
                say(line)
        return 0
    model = load(data, arguments.file)
    known = {
        "algorithm": model.algorithm, "scope": model.scope, "features": list(model.features), "parts": len(model.parts),
        **model.provenance,
    }  # fmt: skip
    if arguments.output == "json":
        say_json(known, indent=2)
        return 0
    told = model.provenance
    say(f"{arguments.file}: {model.algorithm}, scope {model.scope}, {len(model.parts):,} trained {told['trained']}")
    say(f"  on {told['signins']:,} sign-ins of {told['people']:,} people, {told['since']} to {told['until']}")
    say(f"  features {', '.join(model.features)}")
    say(f"  with {', '.join(f'{name} {version}' for name, version in told['libraries'].items())}")
    return 0
