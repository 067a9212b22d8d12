"""Streams of sign-ins: files in, scored lines out, in memory that does not grow with them.

source   files, globs and pipes -> entries, in input order
order    several files merged by time; sorting; logs that are written newest first
scribe   scores sign-ins and writes their lines
local    score and learn in this process
shards   the same over several processes, with the same bytes as the result
shorthand  sign-ins as text, on their way between processes
render   an assessment as a line of output
"""
