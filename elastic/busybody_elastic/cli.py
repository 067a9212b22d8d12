"""The command line: `busybody-elastic COMMAND …`. Only what the command needs is imported.

A command is a module with two functions:

    add(parser, verb)                         adds its arguments
    run(verb, config, arguments) -> int       does the work, and gives one of the exit codes below
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn, Sequence

if TYPE_CHECKING:
    import argparse

    from .config import Config

FOLLOW = """\
The first start learns the last days silently (reader.learn_days), then it follows: what arrives is scored seconds
after it is visible in the index. It goes on where it stopped, and needs nothing but the cluster: the cursor lies there.

examples:
  busybody-elastic follow -c elastic.yaml
  busybody-elastic follow -c elastic.yaml --once                       up to now, then end: for cron
  busybody-elastic follow -c elastic.yaml --from 90d --to 30d          back-fill: scored and learned, never paging
  busybody-elastic follow -c elastic.yaml --from 2026-05-01 --to 2026-06-01T12:00:00+02:00
"""
SERVE = """\
Opens POST /score, /healthz, /readyz and /metrics, the bulk gateway where gateway.enabled says so, and follows as well
unless reader.enabled is false. Ends on SIGTERM with everything committed that was answered.
"""
DONE, FINDINGS, USAGE, UNREACHED, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141
PROGRAM = "busybody-elastic"

COMMANDS = {  # name -> module, what it does
    "follow": ("cli", "score the sign-ins that arrive in the cluster"),
    "serve": ("cli", "open the doors: score API, bulk gateway, health, metrics; and follow, where enabled"),
    "install": ("install.commands", "put templates, data streams, rules and dashboards in place"),
    "upgrade": ("install.commands", "bring what is installed to this version"),
    "uninstall": ("install.commands", "take away what was installed"),
    "status": ("install.commands", "what is installed, what is missing and why"),
    "api-key": ("install.commands", "make an API key that may do what one role needs, and nothing else"),
    "doctor": ("doctor", "check connection, privileges, mappings, clocks and lag, and say what to do"),
    "forget": ("forget", "erase a person from every index"),
    "check-config": ("cli", "read the configuration and show it as it holds"),
}

EXAMPLES = """\
first steps:
  busybody-elastic check-config -c elastic.yaml      is the configuration right?
  busybody-elastic doctor -c elastic.yaml            is the cluster ready?
  busybody-elastic install -c elastic.yaml           templates, dashboards, rules
  busybody-elastic follow -c elastic.yaml            score what arrives; learns the last 30 days silently first

The configuration is a YAML file (-c, or BUSYBODY_ELASTIC_CONFIG); BUSYBODY_ELASTIC_CLUSTER__URL and so on win over it.
`busybody-elastic COMMAND --help` explains a command.

exit codes:
  0    done
  1    done, but something was found or left out (each is named)
  2    the command line or the configuration is wrong
  3    the cluster could not be reached, or refused
  130  interrupted with Ctrl-C; what was scored until then is kept
  141  the reader of the output went away
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code, see EXAMPLES."""
    words = list(sys.argv[1:] if argv is None else argv)
    from busybody.errors import BusybodyError

    try:
        code = _run(words)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except KeyboardInterrupt:
        sys.stderr.write(f"{PROGRAM}: interrupted; what was committed is kept\n")
        return INTERRUPTED
    except BusybodyError as error:
        from busybody.errors import PolicyError

        from .errors import ConfigError

        sys.stderr.write(f"{PROGRAM}: {error}\n")
        return USAGE if isinstance(error, (ConfigError, PolicyError)) else UNREACHED
    except OSError as error:
        sys.stderr.write(f"{PROGRAM}: {error.filename + ': ' if error.filename else ''}{error.strerror or error}\n")
        return UNREACHED


def _run(words: list[str]) -> int:
    name = _command(words)
    parser = _parser(name)
    if not words:
        parser.print_help()
        return USAGE
    if name is not None and name not in COMMANDS:
        from difflib import get_close_matches

        near = get_close_matches(name, COMMANDS, 1)
        there = f"Did you mean {near[0]}?" if near else f"There are {', '.join(COMMANDS)}."
        parser.error(f"there is no command {name!r}. {there}")
    arguments = parser.parse_args(words)
    from .config import Config

    verb = arguments.command
    if verb is None:
        parser.error("which command?")
    config = Config.load(arguments.config)
    return int(_module(verb).run(verb, config, arguments))


def _command(words: list[str]) -> str | None:
    """The first word that is no option, nor the file of -c."""
    rest = iter(words)
    for word in rest:
        if word == "-c" or (len(word) > 2 and "--config".startswith(word)):
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return None


def _module(verb: str) -> ModuleType:
    return import_module(f".{COMMANDS[verb][0]}", __package__)


def _parser(name: str | None) -> argparse.ArgumentParser:
    import argparse as library

    from busybody import __version__

    class Parser(library.ArgumentParser):
        """One that says where help is."""

        def error(self, message: str) -> NoReturn:
            self.print_usage(sys.stderr)
            self.exit(USAGE, f"{self.prog}: {message}\nTry: {self.prog} --help\n")

    parser = Parser(
        prog=PROGRAM,
        description="Scores sign-ins as they reach Elasticsearch or OpenSearch: who signed in unlike themselves, and why.",
        epilog=EXAMPLES,
        formatter_class=library.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    told = "YAML; default: what BUSYBODY_ELASTIC_CONFIG names"
    parser.add_argument("-c", "--config", metavar="FILE", help=told)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for command, (_, words) in COMMANDS.items():
        if command != name:
            commands.add_parser(command, help=words, add_help=False)
            continue
        one = commands.add_parser(
            command, help=words, description=words[0].upper() + words[1:] + ".",
            formatter_class=library.RawDescriptionHelpFormatter,
        )  # fmt: skip
        one.add_argument("-c", "--config", metavar="FILE", help=told, default=library.SUPPRESS)  # else the one before
        _module(command).add(one, command)
    return parser


# The commands that run the service --------------------------------------------------------------------------


def add(parser: argparse.ArgumentParser, verb: str) -> None:
    """The arguments of follow, serve and check-config."""
    parser.epilog = {"follow": FOLLOW, "serve": SERVE}.get(verb, "")
    if verb == "follow":
        parser.add_argument("--once", action="store_true", help="read to the head, then end")
        parser.add_argument(
            "--from", dest="begin", metavar="TIME", help="back-fill from this event time on, such as 90d"
        )
        parser.add_argument("--to", dest="end", metavar="TIME", help="back-fill up to before this one; default: now")


def run(verb: str, config: Config, arguments: argparse.Namespace) -> int:
    """Exit code 0; 1 where records were broken. Raises BusybodyError."""
    if verb == "check-config":
        import json

        sys.stdout.write(json.dumps(config.describe(), indent=2, ensure_ascii=False) + "\n")
        return DONE
    from . import log, service

    log.start(config.log.format, config.log.level)
    if verb == "serve":
        service.run(config, doors=True)
        return DONE
    span = None
    if arguments.begin is not None or arguments.end is not None:
        span = _span(arguments.begin, arguments.end)
    stats = service.run(config, doors=False, once=arguments.once, span=span).reader.stats
    log.get("reader").info(
        "done", documents=stats.read, scored=stats.scored, known=stats.known, skipped=stats.skipped,
        broken=stats.broken,
    )  # fmt: skip
    return FINDINGS if stats.broken else DONE


def _span(begin: str | None, end: str | None) -> tuple[float, float]:
    import time

    from .errors import ConfigError

    now = time.time()
    if begin is None:
        raise ConfigError("--to needs --from. Say where the back-fill begins.", key="--from")
    first, last = _moment("--from", begin, now), now if end is None else _moment("--to", end, now)
    if first >= last:
        raise ConfigError(f"{begin} is not before {end or 'now'}. Give an earlier time.", key="--from")
    return first, last


def _moment(key: str, text: str, now: float) -> float:
    """Epoch seconds of an ISO date or time (UTC where it names no zone), or of so long ago: 90d, 12h."""
    from datetime import UTC, datetime

    from .errors import ConfigError

    if text[-1:] in ("d", "h") and text[:-1].replace(".", "", 1).isdecimal():
        return now - float(text[:-1]) * (86400.0 if text[-1] == "d" else 3600.0)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text[:80]!r} is no time. Give 2026-05-01, 2026-05-01T12:00:00Z or 90d.", key=key) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
