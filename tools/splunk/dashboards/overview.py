"""The overview: who is at risk, how it went, where, why, and whether there are more alerts than can be worked through."""

from __future__ import annotations

from studio import ATTRIBUTION, CARD, EDGE, GOOD, LEVELS, MUTED, Dashboard, row, to_person

SCORES = "index=`busybody_index` sourcetype=busybody:score user=$user|s$"


def overview() -> Dashboard:
    """Writes it."""
    board = Dashboard("overview", "Overview", "Who signs in unlike themselves, and why.")
    board.input("input_time", "timerange", "Time range", token="time", defaultValue="-30d@d,now")
    board.input("input_user", "text", "Person (* for everybody)", token="user", defaultValue="*")
    board.input(
        "input_level", "multiselect", "Levels of the findings", token="level", defaultValue=["critical", "high"],
        items=[{"label": level.capitalize(), "value": level} for level in LEVELS if level != "none"],
    )  # fmt: skip
    figures(board)
    people(board)
    places(board)
    findings(board)
    return board


def figures(board: Dashboard) -> None:
    """The first line: five figures."""
    board.search(
        "totals",
        f"""
        {SCORES} | stats count AS signins dc(user) AS people count(eval(busy_level="critical")) AS critical
        count(eval(busy_level="high")) AS high count(eval(busy_report=1)) AS alerts dc(busy_error) AS faults
        | eval people_words="of ".tostring(people, "commas")." people",
        alert_words=tostring(critical, "commas")." critical and ".tostring(high, "commas")." high sign-ins" """,
    )
    board.search(
        "at_risk",
        """
        | busyrisk | stats count(eval(level="critical" OR level="high")) AS at_risk count(eval(level="critical")) AS critical
        | eval words=if(at_risk=0, "Nobody is high or critical now", critical." of them critical, now")""",
    )
    board.search(
        "budget",
        f"""
        | inputlookup busybody_incidents | addinfo
        | where reported_risk>0 AND opened>=info_min_time AND opened<=info_max_time
        | stats count AS alerts count(eval(status="malicious")) AS confirmed
        | append [search {SCORES} | stats dc(user) AS people min(_time) AS first max(_time) AS last]
        | stats sum(alerts) AS alerts sum(confirmed) AS confirmed sum(people) AS people sum(first) AS first sum(last) AS last
        | eval days=max(1, (last-first)/86400), allowed=`busybody_budget`*people/1000*days, unconfirmed=alerts-confirmed,
        used=if(allowed>0, round(100*unconfirmed/allowed), 0),
        words=if(allowed>0, unconfirmed." not confirmed; ".round(allowed, 1)." allowed in ".round(days)." days", "Nothing is scored yet")""",
    )
    risk, alerts, budget, people, signins = row(EDGE, 124, 1, 1, 1, 1, 1)
    board.number(
        "number_risk",
        risk,
        "at_risk",
        "at_risk",
        "People at high risk",
        "words",
        majorColor="> majorValue | rangeValue(colours)",
        context={"colours": [{"to": 1, "value": GOOD}, {"from": 1, "value": LEVELS["critical"]}]},
    )
    board.number("number_alerts", alerts, "totals", "alerts", "Alerts", "alert_words")
    board.number(
        "number_budget",
        budget,
        "budget",
        "used",
        "Alert budget used",
        "words",
        unit="%",
        majorColor="> majorValue | rangeValue(colours)",
        context={
            "colours": [
                {"to": 80, "value": GOOD},
                {"from": 80, "to": 100.5, "value": LEVELS["medium"]},
                {"from": 100.5, "value": LEVELS["critical"]},
            ]
        },
    )
    board.number("number_people", people, "totals", "people", "People seen")
    board.number("number_signins", signins, "totals", "signins", "Sign-ins scored")


def people(board: Dashboard) -> None:
    """Who is at risk now, and how many odd sign-ins there were each day."""
    board.search(
        "people",
        """
        | busyrisk | search user=$user|s$ | where level!="none" | sort 0 - risk | head 50
        | eval last=strftime(last_seen, "%d %b %H:%M"), risk=round(risk), why=replace(sentence, "^Risk [^:]*: ", "")
        | table user, level, risk, incidents, last, why
        | appendpipe [stats count | where count=0
        | eval user="Nobody is at risk.", why="Either all is well, or nothing is scored yet: the Health dashboard says which." | fields user, why]
        | rename user AS Person, level AS Level, risk AS Risk, incidents AS Open, last AS "Last seen", why AS Why""",
    )
    board.search(
        "levels",
        f"""
        {SCORES} | timechart count(eval(busy_level="critical")) AS critical count(eval(busy_level="high")) AS high
        count(eval(busy_level="medium")) AS medium""",
    )
    left, right = row(156, 400, 1.7, 1)
    board.table(
        "table_people", left, "people", "People at risk now", "Open incidents added up, halved each week. A click opens the person.",
        widths={"Person": 200, "Level": 76, "Risk": 60, "Open": 60, "Last seen": 110, "Why": 340}, levels=["Level"], risks=["Risk"],
        right=["Open"], links=["Person"], rows=8, drilldown=to_person("Person"),
    )  # fmt: skip
    board.panel(
        "chart_levels", "column", right, "levels", title="Odd sign-ins over time", note="Medium: one in 100 looks this odd. High and critical also need evidence.",
        stackMode="stacked", legendDisplay="bottom", seriesColorsByField={level: LEVELS[level] for level in ("critical", "high", "medium")},
        backgroundColor=CARD, xAxisTitleVisibility="hide", yAxisTitleVisibility="hide", showYMajorGridLines=True,
    )  # fmt: skip


def places(board: Dashboard) -> None:
    """Where from and where to, and what was odd."""
    board.search(
        "detectors",
        f"""
        {SCORES} busy_level IN ($level|s$) | stats count AS signins dc(user) AS people by busy_findings
        | lookup busybody_detectors detector AS busy_findings OUTPUT title | eval detector=coalesce(title, busy_findings)
        | sort 0 - signins | head 10 | table detector, signins""",
    )
    left, right = row(572, 440, 1.7, 1)
    board.panel(
        "bar_detectors",
        "bar",
        right,
        "detectors",
        title="What was odd",
        note="Sign-ins of the chosen levels, by detector.",
        backgroundColor=CARD,
        legendDisplay="off",
        seriesColors=["#7fa3d6"],
        xAxisTitleVisibility="hide",
        yAxisTitleVisibility="hide",
        dataValuesDisplay="all",
    )


def findings(board: Dashboard) -> None:
    """The latest findings, each with its sentence."""
    board.search(
        "findings",
        f"""
        {SCORES} busy_level IN ($level|s$) | sort 0 - _time | dedup user, busy_incident | head 100
        | eval time=strftime(_time, "%d %b %H:%M"), risk=round(busy_risk), why=replace(busy_sentence, "^Risk [^:]*: ", "")
        | table time, user, busy_level, risk, why, src
        | appendpipe [stats count | where count=0
        | eval user="No findings", why="No sign-in of these levels in this time range. Choose more levels or a longer range." | fields user, why]
        | rename time AS Time, user AS Person, busy_level AS Level, risk AS Risk, why AS "Why, and the sign-in before", src AS From""",
    )
    (place,) = row(1028, 520, 1)
    board.table(
        "table_findings", place, "findings", "Latest findings", "One row for each person and incident, the latest sign-in of it.",
        widths={"Time": 110, "Person": 210, "Level": 80, "Risk": 64, "Why, and the sign-in before": 760, "From": 140}, levels=["Level"], risks=["Risk"],
        links=["Person"], rows=8, drilldown=to_person("Person"),
    )  # fmt: skip
    board.text("text_attribution", (EDGE, 1556, 1408, 40), ATTRIBUTION, customFontSize=12)
