"""Health: does every source deliver, what could not be read, how old is the model, do the searches keep up, who changed what."""

from __future__ import annotations

from studio import EDGE, GOOD, INK, LEVELS, Dashboard, nothing, row

SCORES = "index=`busybody_index` sourcetype=busybody:score"
BAD, WARN = LEVELS["critical"], LEVELS["medium"]
AGE = 'case({0}<120, round({0})." s", {0}<7200, round({0}/60)." min", {0}<172800, round({0}/3600)." h", true(), round({0}/86400)." days")'
INTERNAL = "Nothing, or your role may not read index=_internal. Ask for it, or have an administrator look."


def health() -> Dashboard:
    """Writes it."""
    board = Dashboard("health", "Health", "Whether Busybody gets its sign-ins, keeps up and is well.")
    board.input("input_time", "timerange", "Time range", token="time", defaultValue="-7d@d,now")
    figures(board)
    sources(board)
    runs(board)
    changes(board)
    return board


def figures(board: Dashboard) -> None:
    """Six figures, each with what to do when it is bad."""
    board.search(
        "scores",
        f"""
        {SCORES} | stats count AS rows count(eval(isnotnull(busy_error))) AS broken max(_time) AS last
        | eval age=now()-last, age_words=if(rows=0, "switch on the search that scores", "since the newest sign-in scored"),
        shown=if(rows=0, "never", {AGE.format("age")}), share=if(rows=0, 0, round(100*broken/rows, 2)),
        broken_words=tostring(broken, "commas")." of ".tostring(rows, "commas")." rows", state=case(rows=0, 2, age>21600, 2, age>3600, 1, true(), 0)""",
    )
    board.search(
        "model",
        f"""
        | inputlookup busybody_models where kind=end AND state=committed AND model=default | sort 0 - number | head 1
        | eval age=now()-time | table number, people, age
        | appendpipe [stats count | where count=0 | eval number=0, people=0 | fields number, people]
        | eval shown=if(number=0, "none", {AGE.format("age")}), words=if(number=0, "train it: | busytrain", "since commit ".number),
        people_words=if(number=0, "nobody is known yet", "in the model default"), state=case(number=0, 2, age>86400, 2, age>7200, 1, true(), 0)""",
    )
    board.search(
        "cursor",
        f"""
        | busycursor | appendpipe [stats count | where count=0 | eval search="" | fields search] | eval start=tonumber(replace(search, "^.*_index_earliest=([0-9]+).*$$", "\\1")), lag=now()-start-900
        | eval shown=if(isnull(start) OR start<86400, "not set", {AGE.format("lag")}), words=if(isnull(start) OR start<86400, "set by the first scheduled run", "of scoring; five minutes are usual"),
        state=case(isnull(start) OR start<86400, 1, lag>3600, 2, lag>1200, 1, true(), 0)""",
    )
    board.search(
        "faults",
        """
        index=_internal sourcetype=splunk_search_messages app=busybody log_level=ERROR | stats count AS errors dc(sid) AS searches
        | eval words=if(errors=0, "in searches of this app", "in ".searches." searches of this app")""",
    )
    places = row(EDGE, 124, 1, 1, 1, 1, 1, 1)
    grade = ((0, GOOD), (1, WARN), (2, BAD))
    for place, (name, search, field, title, words) in zip(places, (
        ("number_age", "scores", "shown", "Last sign-in", "age_words"),
        ("number_cursor", "cursor", "shown", "Behind by", "words"),
        ("number_model", "model", "shown", "Age of the model", "words"),
        ("number_people", "model", "people", "People known", "people_words"),
        ("number_broken", "scores", "share", "Unreadable", "broken_words"),
        ("number_faults", "faults", "errors", "Errors", "words"),
    )):  # fmt: skip
        if field == "shown":
            board.number(name, place, search, field, title, words, colours=grade, graded="state")
        else:
            colours = {"share": ((0, GOOD), (1, WARN), (10, BAD)), "errors": ((0, GOOD), (1, BAD))}.get(
                field, ((0, INK),)
            )
            board.number(
                name,
                place,
                search,
                field,
                title,
                words,
                colours=colours,
                **({"unit": "%", "numberPrecision": 2} if field == "share" else {}),
            )


def sources(board: Dashboard) -> None:
    """Which sources deliver, and what of them cannot be read."""
    board.search("volume", f"{SCORES} | timechart bins=200 limit=8 count by orig_sourcetype")
    board.search(
        "sources",
        f"""
        {SCORES} | stats count AS rows count(eval(busy_level!="")) AS scored count(eval(isnotnull(busy_error))) AS broken dc(user) AS people max(_time) AS last by orig_sourcetype
        | eval quiet=now()-last, state=case(quiet>21600, "quiet", true(), "fresh"), seen={AGE.format("quiet")}." ago"
        | sort 0 - rows | table orig_sourcetype, state, seen, rows, scored, broken, people
        | {nothing("orig_sourcetype", "Nothing is scored. Switch on the saved search that scores sign-ins.", "state", "quiet")}
        | rename orig_sourcetype AS Source, state AS State, seen AS "Last sign-in", rows AS Rows, scored AS Scored, broken AS Unreadable, people AS People""",
    )
    board.search(
        "skipped",
        f"""
        {SCORES} NOT busy_level=* | eval reason=case(busy_skipped!="", busy_skipped, isnull(busy_error), "no sign-in", match(busy_error, "^[a-z_.]+: "), replace(busy_error, "^([a-z_.]+): .*$$", "\\1"), true(), "not scored"),
        example=coalesce(busy_error, "Left out on purpose: a record of another kind, or of nobody.")
        | stats count AS rows dc(orig_sourcetype) AS sources max(_time) AS last first(example) AS example by reason
        | sort 0 - rows | eval last=strftime(last, "%d %b %H:%M") | table reason, rows, sources, last, example
        | {nothing("reason", "none", "example", "Every row could be read.")}
        | rename reason AS "What is wrong", rows AS Rows, sources AS Sources, last AS Last, example AS Example""",
    )
    left, right = row(156, 340, 1, 1.25)
    board.chart(
        "chart_volume",
        "column",
        left,
        "volume",
        "Rows by source",
        "A gap is a source that fell silent.",
        stackMode="stacked",
        columnSpacing=1,
        seriesColors=["#7fa3d6", "#6dbcab", "#b59be0", "#d7a86e", "#77818f"],
    )
    board.table(
        "table_sources", right, "sources", "Sources", "Quiet: nothing for six hours. What is neither scored nor unreadable is no sign-in.",
        widths={"Source": 180, "State": 76, "Last sign-in": 132, "Rows": 76, "Scored": 88, "Unreadable": 116, "People": 84},
        statuses=["State"], right=["Rows", "Scored", "Unreadable", "People"], rows=8,
    )  # fmt: skip
    (below,) = row(512, 216, 1)
    board.table(
        "table_skipped", below, "skipped", "Skipped records, by reason", "Why it is no sign-in, or the field that is wrong with an example. Mend the source or the field map.",
        widths={"What is wrong": 380, "Rows": 84, "Sources": 102, "Last": 120, "Example": 694}, right=["Rows", "Sources"], rows=5,
    )  # fmt: skip


def runs(board: Dashboard) -> None:
    """Do the scheduled searches keep up?"""
    board.search(
        "times",
        """
        index=_internal sourcetype=scheduler app=busybody status=success savedsearch_name="Busybody: score sign-ins"
        | timechart bins=200 avg(run_time) AS usual max(run_time) AS slowest""",
    )
    board.search(
        "runs",
        f"""
        index=_internal sourcetype=scheduler app=busybody
        | stats count AS runs count(eval(status="skipped" OR status="continued")) AS skipped count(eval(status="success")) AS good avg(run_time) AS mean perc95(run_time) AS slow max(_time) AS last by savedsearch_name
        | eval state=case(good=0, "failed", skipped>0, "skipped", true(), "success"), mean=round(mean, 1), slow=round(slow, 1), last=strftime(last, "%d %b %H:%M") | sort 0 savedsearch_name
        | table savedsearch_name, state, runs, skipped, mean, slow, last
        | {nothing("savedsearch_name", "None ran, or your role may not read index=_internal.", "state", "quiet")}
        | rename savedsearch_name AS Search, state AS State, runs AS Runs, skipped AS Skipped, mean AS "Mean s", slow AS "Slow s", last AS "Last run" """,
    )
    left, right = row(744, 320, 1, 1.25)
    board.chart(
        "chart_times",
        "line",
        left,
        "times",
        "How long scoring takes",
        "Seconds of the search that scores. It runs every five minutes: 300 is too long.",
        yAxisMin=0,
        seriesColorsByField={"usual": "#7fa3d6", "slowest": LEVELS["medium"]},
    )
    board.table(
        "table_runs", right, "runs", "Scheduled searches", "Skipped runs are made up for by the next one: the cursor loses nothing.",
        widths={"Search": 196, "State": 84, "Runs": 74, "Skipped": 98, "Mean s": 88, "Slow s": 88, "Last run": 122}, statuses=["State"],
        right=["Runs", "Skipped", "Mean s", "Slow s"], rows=7,
    )  # fmt: skip


def changes(board: Dashboard) -> None:
    """Who changed the model, and what went wrong."""
    board.search(
        "audit",
        f"""
        index=_internal sourcetype=busybody:audit | sort 0 - _time | head 100
        | eval time=strftime(_time, "%d %b %H:%M"), what=mvjoin(mvappend(if(signins>0, signins." sign-ins", null()), if(verdicts>0, verdicts.if(verdicts=1, " answer", " answers"), null()), if(reports>0, reports.if(reports=1, " alert", " alerts"), null()), answer), ", ")
        | table time, actor, action, what, number
        | {nothing("actor", "nobody", "what", INTERNAL)}
        | rename time AS Time, actor AS Who, action AS Did, what AS "How much", number AS Commit """,
    )
    board.search(
        "errors",
        f"""
        index=_internal sourcetype=splunk_search_messages app=busybody log_level=ERROR OR log_level=WARN
        | stats count AS times max(_time) AS last by log_level, message | sort 0 - last | head 50 | eval last=strftime(last, "%d %b %H:%M")
        | table last, log_level, times, message
        | {nothing("log_level", "none", "message", "No error and no warning; or your role may not read index=_internal.")}
        | rename last AS Last, log_level AS Level, times AS Times, message AS "What it says, and what to do" """,
    )
    left, right = row(1080, 320, 1, 1.25)
    board.table(
        "table_audit", left, "audit", "Changes of the model", "People stand in the audit as hashes alone.",
        widths={"Time": 116, "Who": 120, "Did": 84, "How much": 176, "Commit": 100}, right=["Commit"], rows=7,
    )  # fmt: skip
    board.table(
        "table_errors", right, "errors", "Errors and warnings", "Each says what to do.",
        widths={"Last": 116, "Level": 84, "Times": 86, "What it says, and what to do": 470}, right=["Times"], rows=5,
    )  # fmt: skip
