"""`busybody completion`: what a shell completes, made from the parsers themselves, so that it cannot fall behind."""

from __future__ import annotations

import argparse
from textwrap import shorten
from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

DESCRIPTION = "Prints the completion script of a shell: commands, options and what they take.\n"
EPILOG = """\
examples:
  busybody completion bash > ~/.local/share/bash-completion/completions/busybody
  busybody completion zsh > "${fpath[1]}/_busybody"
  busybody completion fish > ~/.config/fish/completions/busybody.fish

exit codes: 0 done · 2 usage
"""


def add(subparsers: Any) -> None:
    """The parser of the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "completion", help="print the completion script of a shell", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("shell", choices=tuple(SHELLS), help="which shell")


def run(arguments: argparse.Namespace) -> int:
    """Print."""
    from ..cli import COMMANDS, parser_of
    from .tables import say

    nodes = list(_nodes(parser_of(tuple(COMMANDS)), ""))
    say(SHELLS[arguments.shell](nodes).rstrip("\n"))
    return 0


FILES = ("FILE", "PATH")  # what an option or argument is called that names a file
LONGEST_HELP = 70  # characters


class Option(NamedTuple):
    """One option: its spellings, what it is for, and what follows it: nothing, a value, or a file."""

    flags: Tuple[str, ...]
    help: str
    takes: str  # name of the value; empty: nothing follows
    choices: Tuple[str, ...]


class Node(NamedTuple):
    """One command or verb."""

    path: str  # "/policy/init"
    verbs: Dict[str, str]  # what may follow -> what it is for
    options: List[Option]
    choices: Tuple[str, ...]  # of arguments without option
    files: bool  # whether an argument names files


def _nodes(parser: argparse.ArgumentParser, path: str) -> Iterator[Node]:
    verbs: Dict[str, str] = {}
    options: List[Option] = []
    choices: List[str] = []
    files = False
    below: List[Node] = []
    for action in parser._actions:  # noqa: SLF001  argparse has no public way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            verbs = {one.dest: _words(parser, one) for one in action._choices_actions}  # noqa: SLF001
            for name, child in action.choices.items():
                below += _nodes(child, f"{path}/{name}")
        elif action.option_strings:
            given = tuple(map(str, action.choices or ()))
            takes = "" if action.nargs == 0 else str(action.metavar or action.dest)
            options.append(Option(tuple(action.option_strings), _words(parser, action), takes, given))
        else:
            choices += map(str, action.choices or ())
            files = files or action.metavar in FILES
    yield Node(path, verbs, options, tuple(choices), files)
    yield from below


def _words(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """The first part of a help text, on one short line."""
    if not action.help or action.help == argparse.SUPPRESS:
        return ""
    text = parser._get_formatter()._expand_help(action)  # noqa: SLF001
    return shorten(text.split(";")[0], LONGEST_HELP, placeholder="").rstrip(" ,")


def _paths(nodes: List[Node]) -> str:
    """The commands and verbs as the pattern of a `case`."""
    return "|".join(f'"{node.path}"' for node in nodes if node.path)


BASH = """\
# Completion of busybody for bash. Made by `busybody completion bash`.
_busybody() {
    local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" at="" word words="" options="" files=""
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$at/$word" in %(paths)s) at="$at/$word" ;; esac
    done
    case "$at" in
%(nodes)s
    esac
    case "$current" in -*) words="$options" ;; esac
    case "$at $before" in
%(values)s
    esac
    [ -n "$files" ] || compopt +o default +o bashdefault 2>/dev/null
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -o bashdefault -F _busybody busybody
"""


def _bash(nodes: List[Node]) -> str:
    values, lines = [], []
    for node in nodes:
        flags = " ".join(flag for option in node.options for flag in option.flags)
        follows = " ".join((*node.verbs, *node.choices))
        files = " files=1" if node.files else ""
        lines.append(f'        "{node.path}") words="{follows}" options="{flags}"{files} ;;')
        for option in node.options:
            if option.takes:
                patterns = "|".join(f'"{node.path} {flag}"' for flag in option.flags)
                files = "1" if option.takes in FILES else ""
                values.append(f'        {patterns}) words="{" ".join(option.choices)}" files={files} ;;')
    return BASH % {"paths": _paths(nodes), "nodes": "\n".join(lines), "values": "\n".join(values)}


ZSH = """\
#compdef busybody
# Completion of busybody for zsh. Made by `busybody completion zsh`.
_busybody() {
    local at="" word files=""
    local -a offered
    for word in "${(@)words[2,CURRENT-1]}"; do
        case "$at/$word" in (%(paths)s) at="$at/$word" ;; esac
    done
    case "$at ${words[CURRENT-1]}" in
%(values)s
    esac
    case "$at" in
%(nodes)s
    esac
    if [[ "${words[CURRENT]}" != -* ]]; then
        offered=("${(@)offered:#-*}")
        [[ -n "$files" ]] && _files
    fi
    (( ${#offered} )) && _describe 'busybody' offered
}
if [[ "${funcstack[1]}" = _busybody ]]; then
    _busybody "$@"
else
    compdef _busybody busybody
fi
"""


def _zsh(nodes: List[Node]) -> str:
    values, lines = [], []
    for node in nodes:
        offered = [f"{verb}:{words}" for verb, words in node.verbs.items()]
        offered += node.choices
        offered += [f"{flag}:{option.help}" for option in node.options for flag in option.flags]
        quoted = " ".join("'" + one.replace("'", "'\\''") + "'" for one in offered)
        lines.append(f'        "{node.path}") offered=({quoted}){" files=1" if node.files else ""} ;;')
        for option in node.options:
            if option.takes:
                patterns = "|".join(f'"{node.path} {flag}"' for flag in option.flags)
                other = "_files" if option.takes in FILES else f"_message {option.takes}"
                reply = f"compadd -- {' '.join(option.choices)}" if option.choices else other
                values.append(f"        {patterns}) {reply}; return ;;")
    return ZSH % {"paths": _paths(nodes), "values": "\n".join(values), "nodes": "\n".join(lines)}


FISH = """\
# Completion of busybody for fish. Made by `busybody completion fish`.
function __busybody_at
    set -l at ""
    for word in (commandline -opc)[2..-1]
        switch "$at/$word"
            case %(paths)s
                set at "$at/$word"
        end
    end
    test "$at" = "$argv[1]"
end
complete -c busybody -f
%(lines)s
"""


def _fish(nodes: List[Node]) -> str:
    lines = []
    for node in nodes:
        here = f"""complete -c busybody -n '__busybody_at "{node.path}"'"""
        lines += [f"{here} -a {verb} -d {_for_fish(words)}" for verb, words in node.verbs.items()]
        if node.choices:
            lines.append(f"{here} -a '{' '.join(node.choices)}'")
        if node.files:
            lines.append(f"{here} -F")
        for option in node.options:
            flags = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags)
            other = "" if not option.takes else " -r -F" if option.takes in FILES else " -x"
            value = f" -x -a '{' '.join(option.choices)}'" if option.choices else other
            lines.append(f"{here} {flags}{value} -d {_for_fish(option.help)}")
    paths = " ".join(f"'{node.path}'" for node in nodes if node.path)
    return FISH % {"paths": paths, "lines": "\n".join(lines)}


def _for_fish(text: str) -> str:
    """Text as one quoted word."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SHELLS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
