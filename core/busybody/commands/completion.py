"""`busybody completion`: what a shell completes, made from the parsers themselves, so that it cannot fall behind."""

from __future__ import annotations

import argparse
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

    nodes = list(_nodes(parser_of(tuple(COMMANDS)), ()))
    say(SHELLS[arguments.shell](nodes).rstrip("\n"))
    return 0


class Option(NamedTuple):
    """One option: its spellings, what it is for, whether a value follows, and which."""

    flags: Tuple[str, ...]
    help: str
    takes: bool
    choices: Tuple[str, ...]


class Node(NamedTuple):
    """One command or verb."""

    path: Tuple[str, ...]
    verbs: Dict[str, str]  # what may follow -> what it is for
    options: List[Option]
    choices: Tuple[str, ...]  # of arguments without option


def _nodes(parser: argparse.ArgumentParser, path: Tuple[str, ...]) -> Iterator[Node]:
    verbs: Dict[str, str] = {}
    options: List[Option] = []
    choices: List[str] = []
    below: List[Node] = []
    for action in parser._actions:  # noqa: SLF001  argparse has no public way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            verbs = {one.dest: _words(one.help) for one in action._choices_actions}  # noqa: SLF001
            for name, child in action.choices.items():
                below += _nodes(child, (*path, name))
        elif action.option_strings:
            given = tuple(map(str, action.choices or ()))
            options.append(Option(tuple(action.option_strings), _words(action.help), action.nargs != 0, given))
        else:
            choices += map(str, action.choices or ())
    yield Node(path, verbs, options, tuple(choices))
    yield from below


def _words(text: Any) -> str:
    """A help text as one short line that needs no quoting in any shell."""
    if not text or text == argparse.SUPPRESS:
        return ""
    plain = "".join(letter for letter in str(text) if letter.isalnum() or letter in " -_,.;()/")
    return plain.split(";")[0].strip()[:70]


BASH = """\
# Completion of busybody for bash. Made by `busybody completion bash`.
_busybody() {
    local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" path="" word
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case " $(_busybody_verbs "$path") " in *" $word "*) path="${path:+$path }$word" ;; esac
    done
    case "$path $before" in
%(values)s
    esac
    local words="$(_busybody_verbs "$path")"
    case "$current" in
        -*) words="$(_busybody_options "$path")" ;;
    esac
    [ -n "$words" ] && COMPREPLY=($(compgen -W "$words" -- "$current"))
}
_busybody_verbs() {
    case "$1" in
%(verbs)s
    esac
}
_busybody_options() {
    case "$1" in
%(options)s
    esac
}
complete -o default -o bashdefault -F _busybody busybody
"""


def _bash(nodes: List[Node]) -> str:
    values, verbs, options = [], [], []
    for node in nodes:
        path = " ".join(node.path)
        follows = [*node.verbs, *node.choices]
        if follows:
            verbs.append(f'        "{path}") echo "{" ".join(follows)}" ;;')
        flags = [flag for option in node.options for flag in option.flags]
        options.append(f'        "{path}") echo "{" ".join(flags)}" ;;')
        for option in node.options:
            if option.takes:
                patterns = "|".join(f'"{path} {flag}"' for flag in option.flags)
                reply = (
                    f'COMPREPLY=($(compgen -W "{" ".join(option.choices)}" -- "$current")); ' if option.choices else ""
                )
                values.append(f"        {patterns}) {reply}return ;;")
    return BASH % {"values": "\n".join(values), "verbs": "\n".join(verbs), "options": "\n".join(options)}


ZSH = """\
#compdef busybody
# Completion of busybody for zsh. Made by `busybody completion zsh`.
_busybody() {
    local at="" word
    local -a offered
    for word in "${(@)words[2,CURRENT-1]}"; do
        case "$at/$word" in
%(paths)s
        esac
    done
    case "$at ${words[CURRENT-1]}" in
%(values)s
    esac
    case "$at" in
%(nodes)s
    esac
    if [[ "${words[CURRENT]}" != -* ]]; then
        offered=("${(@)offered:#-*}")
        (( ${#offered} )) || { _files; return }
    fi
    _describe 'busybody' offered
}
if [[ "${funcstack[1]}" = _busybody ]]; then
    _busybody "$@"
else
    compdef _busybody busybody
fi
"""


def _zsh(nodes: List[Node]) -> str:
    paths, values, lines = [], [], []
    for node in nodes:
        path = "/".join(("", *node.path)) if node.path else ""
        if node.path:
            paths.append(f'            "{path}") at="{path}" ;;')
        offered = [f"'{verb}:{words}'" for verb, words in node.verbs.items()]
        offered += [f"'{choice}'" for choice in node.choices]
        offered += [f"'{flag}:{option.help}'" for option in node.options for flag in option.flags]
        lines.append(f'        "{path}") offered=({" ".join(offered)}) ;;')
        for option in node.options:
            if option.takes:
                patterns = "|".join(f'"{path} {flag}"' for flag in option.flags)
                reply = f"compadd -- {' '.join(option.choices)}" if option.choices else "_files"
                values.append(f"        {patterns}) {reply}; return ;;")
    return ZSH % {"paths": "\n".join(paths), "values": "\n".join(values), "nodes": "\n".join(lines)}


def _fish(nodes: List[Node]) -> str:
    lines = [
        "# Completion of busybody for fish. Made by `busybody completion fish`.",
        "complete -c busybody -n __fish_use_subcommand -f",
    ]
    for node in nodes:
        seen = [f"__fish_seen_subcommand_from {word}" for word in node.path]
        others = [f"not __fish_seen_subcommand_from {' '.join(node.verbs)}"] if node.verbs else []
        where = f'-n "{"; and ".join([*seen, *others])}" ' if seen or others else ""
        lines += [f"complete -c busybody {where}-f -a {verb} -d '{words}'" for verb, words in node.verbs.items()]
        if node.choices:
            lines.append(f"complete -c busybody {where}-f -a '{' '.join(node.choices)}'")
        for option in node.options:
            flags = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags)
            value = f" -x -a '{' '.join(option.choices)}'" if option.choices else " -r" if option.takes else ""
            about = f" -d '{option.help}'" if option.help else ""
            within = f'-n "{"; and ".join(seen)}" ' if seen else "-n __fish_use_subcommand "
            lines.append(f"complete -c busybody {within}{flags}{value}{about}")
    return "\n".join(lines) + "\n"


SHELLS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
