"""What a search names: commands with their words, macros, lookups and indexes. For tests that hold names against what exists."""

from __future__ import annotations

import re
from typing import Dict, Iterator, List, NamedTuple, Set, Tuple

# Splunk's own commands, as far as a search of ours may want one.
BUILT_IN = set(
    """addinfo addtotals append appendcols appendpipe bin bucket chart collect convert datamodel dedup delta erex eval eventstats
    expand fieldformat fields fieldsummary fillnull filldown foreach format from gauge geom geostats head inputlookup iplocation join
    kvform localize loadjob lookup makemv makeresults map metadata multisearch mvcombine mvexpand nomv outputlookup rare regex rename
    replace rest return reverse rex savedsearch search sendalert sendemail sort spath stats streamstats strcat table tags tail
    timechart timewrap top transaction transpose tstats union untable where xyseries""".split()
)
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
TOKEN = re.compile(r"\$[\w:.]+(?:\|\w)?\$")  # of a dashboard: $user|s$
MACRO = re.compile(r"`([^`]*)`")


class Step(NamedTuple):
    """One command of a pipeline and the text behind it, strings in quotes left out."""

    command: str
    words: str

    @property
    def options(self) -> Dict[str, str]:
        """Its `name=value` words; a value that stood in quotes is empty."""
        return dict(re.findall(r"(?:^|\s)([A-Za-z_]\w*)=(\S*)", self.words))


def blanked(search: str) -> str:
    """The search with what stands in quotes or tokens taken out, so that a pipe or bracket there is none."""
    return TOKEN.sub('""', QUOTED.sub('""', search))


def macros(search: str) -> Set[str]:
    """The names of macros, with the number of their arguments as macros.conf has it: name(2)."""
    return {_macro_name(found) for found in MACRO.findall(blanked(search))}


def _macro_name(text: str) -> str:
    name, bracket, arguments = text.partition("(")
    return f"{name}({arguments.count(',') + 1})" if bracket else name


def steps(search: str) -> Iterator[Step]:
    """Every command, those of subsearches included; macros stand for nothing here."""
    plain = MACRO.sub(" ", blanked(search))
    for pipeline in _pipelines(plain):
        for number, part in enumerate(pipeline):
            words = part.strip()
            if not words:
                continue
            if number == 0:
                yield Step("search", words)
            else:
                command, _, rest = words.partition(" ")
                yield Step(command.strip(), rest)


def _pipelines(plain: str) -> Iterator[List[str]]:
    """The search and each subsearch, cut at its pipes. The part before the first pipe is what `search` would take."""
    inner: List[str] = []
    while True:
        found = re.search(r"\[([^\[\]]*)\]", plain)
        if found is None:
            break
        inner.append(found[1])
        plain = plain[: found.start()] + " " + plain[found.end() :]
    yield " ".join(plain.split()).split("|")
    for raw in inner:
        text = " ".join(raw.split())
        # Within brackets a subsearch may begin with a command's name and no pipe: [stats count].
        yield (f"| {text}" if text.split(" ", 1)[0] in BUILT_IN else text).split("|")


def lookups(search: str) -> Set[str]:
    """The lookups that it reads; what it writes need not be there."""
    return {name for step in steps(search) for name in _lookup_names(step)}


def _lookup_names(step: Step) -> Iterator[str]:
    if step.command in ("lookup", "inputlookup"):
        words = [word for word in step.words.split() if "=" not in word]
        if words:
            yield words[0]


def unknown(search: str, own: Dict[str, Set[str]]) -> List[Tuple[str, str]]:
    """Commands that neither Splunk nor the app has, and options that a command of the app lacks."""
    problems = []
    for step in steps(search):
        if step.command in own:
            known = own[step.command]
            problems += [(step.command, name) for name in step.options if name not in known]
        elif step.command not in BUILT_IN:
            problems.append((step.command, ""))
    return problems
