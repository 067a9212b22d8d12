"""The command line: `busybody-elastic COMMAND …`. Only what the command needs is imported.

A command is a module with two functions:

    add(parser, verb)                         adds its arguments
    run(verb, config, arguments) -> int       does the work, and gives one of the exit codes below
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn, Sequence

if TYPE_CHECKING:
    import argparse

DONE, FINDINGS, USAGE, UNREACHED, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141
PROGRAM = "busybody-elastic"

COMMANDS = {  # name -> module, what it does
    "follow": ("run", "score the sign-ins that arrive in the cluster"),
    "serve": ("run", "open the doors: score API, bulk gateway, health, metrics; and follow, where enabled"),
    "install": ("install.commands", "put templates, data streams, rules and dashboards in place"),
    "upgrade": ("install.commands", "bring what is installed to this version"),
    "uninstall": ("install.commands", "take away what was installed"),
    "status": ("install.commands", "what is installed, what is missing and why"),
    "doctor": ("doctor", "check connection, privileges, mappings, clocks and lag, and say what to do"),
    "forget": ("forget", "erase a person from every index"),
    "check-config": ("run", "read the configuration and show it as it holds"),
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
    name = next((word for word in words if not word.startswith("-")), None)
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


def _module(verb: str) -> object:
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
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for command, (_, words) in COMMANDS.items():
        if command != name:
            commands.add_parser(command, help=words, add_help=False)
            continue
        one = commands.add_parser(
            command, help=words, description=words[0].upper() + words[1:] + ".",
            formatter_class=library.RawDescriptionHelpFormatter,
        )  # fmt: skip
        one.add_argument("-c", "--config", metavar="FILE", help="YAML; default: what BUSYBODY_ELASTIC_CONFIG names")
        _module(command).add(one, command)
    return parser
