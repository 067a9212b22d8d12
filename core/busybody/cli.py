"""The command line: `busybody COMMAND …`. Only the command that is asked for is imported.

A command is a file of `commands/` with two functions:

    add(subparsers)          adds its parser, `subparsers.add_parser("name", help=…, description=…)`
    run(arguments) -> int    does the work, writes to sys.stdout, and gives one of the exit codes below

What a library raises (BusybodyError), a closed pipe and Ctrl-C are turned into a message and an exit code here.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Dict, List, NoReturn, Optional, Sequence, Type

if TYPE_CHECKING:
    import argparse

DONE, BROKEN_RECORDS, USAGE, UNREADABLE, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141

COMMANDS: Dict[str, str] = {
    "score": "score sign-ins from logs, learning each person on the way",
    "learn": "learn from logs without printing scores",
    "profile": "show what is known of a person",
    "verdict": "say whether a sign-in was the person's own",
    "risk": "list who is at risk, and why",
    "report": "draw the scored sign-ins as one HTML page",
    "fields": "show which field of a log became what, and why",
    "policy": "write, check or show the policy: init, check, show",
    "model": "export or import what was learned",
    "train": "train a model on a log, to score with it later",
    "geo": "look addresses up",
    "simulate": "write the sign-ins of a made-up organisation, attacks included",
    "evaluate": "measure what is found in a log of known truth, or compare two policies",
    "store": "look after the store: info, prune, forget",
    "completion": "print the completion script of a shell",
}

EXAMPLES = """\
first steps:
  busybody simulate --output month.jsonl       a month of made-up sign-ins
  busybody fields month.jsonl                  does my log fit? which field became what
  busybody score month.jsonl                   who signed in unlike themselves, and why
  busybody report month.jsonl > report.html    the same as a page

`busybody COMMAND --help` explains a command.

exit codes:
  0    done
  1    done, but some records were broken (each is named on standard error)
  2    the command line or the policy is wrong
  3    a file, a stream or the store could not be read or written
  130  interrupted with Ctrl-C; what was learned until then is kept
  141  the reader of the output went away
  143  ended from outside (SIGTERM); as with Ctrl-C
"""


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one command; returns its exit code, see EXAMPLES."""
    words = list(sys.argv[1:] if argv is None else argv)
    from .errors import BusybodyError, PolicyError

    try:
        code = _run(words)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _silence_stdout()
        return PIPE_CLOSED
    except KeyboardInterrupt:
        sys.stderr.write("busybody: interrupted; what was learned until the last line printed is kept\n")
        return INTERRUPTED
    except BusybodyError as error:
        from .report.words import visible  # a path or a value may come from somebody else

        sys.stderr.write(f"busybody: {visible(str(error))}\n")
        return USAGE if isinstance(error, PolicyError) else UNREADABLE
    except OSError as error:
        from .report.words import visible

        sys.stderr.write(f"busybody: {visible(_told(error))}\n")
        _silence_stdout()
        return UNREADABLE


def _run(words: List[str]) -> int:
    name = next((word for word in words if not word.startswith("-")), None)
    parser = _parser(name)
    if name is None and not words:
        parser.print_help()
        return USAGE
    if name is not None and name not in COMMANDS:
        parser.error(_unknown(name))
    arguments = parser.parse_args(words)
    run = getattr(arguments, "run", None)
    if run is None:
        run = import_module(f".commands.{arguments.command}", __package__).run
    return int(run(arguments))


def parser_of(names: Sequence[str]) -> argparse.ArgumentParser:
    """The parser with the named commands in full: for shell completion and for the documentation."""
    return _parser(None, names)


def _parser(name: Optional[str], names: Sequence[str] = ()) -> argparse.ArgumentParser:
    import argparse as library

    from . import __version__

    class Parser(library.ArgumentParser):
        """One that says where help is."""

        def error(self, message: str) -> NoReturn:
            self.print_usage(sys.stderr)
            self.exit(USAGE, f"{self.prog}: {message}\nTry: {self.prog} --help\n")

    kind: Type[library.ArgumentParser] = Parser
    parser = kind(
        prog="busybody",
        description="Learns how each person signs in and says what is unlike them.",
        epilog=EXAMPLES,
        formatter_class=library.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"busybody {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for command, words in COMMANDS.items():
        if command == name or command in names:
            import_module(f".commands.{command}", __package__).add(commands)
        else:
            commands.add_parser(command, help=words, add_help=False)
    return parser


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, 1)
    return f"there is no command {name!r}." + (
        f" Did you mean {near[0]}?" if near else f" There are {', '.join(COMMANDS)}."
    )


def _told(error: OSError) -> str:
    what = f"{error.filename}: " if error.filename else ""
    hint = {28: " Free some space and run the same command again.", 13: " Check the permissions."}.get(
        error.errno or 0, ""
    )
    return f"{what}{error.strerror or error}.{hint}"


def _silence_stdout() -> None:
    """Let the interpreter's last flush go nowhere: nobody reads, or nothing more fits."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError, AttributeError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
