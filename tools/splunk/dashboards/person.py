"""One person: how risky when, each finding with the sign-in before beside it, what is known of them, who answered what."""

from __future__ import annotations

from overview import WHY
from studio import ATTRIBUTION, EDGE, GOOD, INK, LEVELS, Dashboard, nothing, row

SCORES = "index=`busybody_index` sourcetype=busybody:score user=$user|s$"
COLOURED = tuple(LEVELS)[::-1]


def person() -> Dashboard:
    """Writes it."""
    board = Dashboard("person", "Person", "What one person did that is unlike them, and what is known of them.")
    board.input("input_time", "timerange", "Time range", token="time", defaultValue="-30d@d,now")
    board.input("input_user", "text", "Person (name in the log)", token="user", defaultValue="name of a person")
    board.input(
        "input_level", "multiselect", "Levels of the findings", token="level", defaultValue=["critical", "high", "medium"],
        items=[{"label": level.capitalize(), "value": level} for level in LEVELS if level != "none"],
    )  # fmt: skip
    figures(board)
    story(board)
    findings(board)
    known(board)
    return board


def figures(board: Dashboard) -> None:
    """Who it is, and how bad."""
    board.search(
        "now",
        """
        | busyrisk | search user=$user|s$ | eval risk=round(busy_risk)
        | table user, risk, level, incidents
        | appendpipe [stats count | where count=0 | eval risk=0, level="none", incidents=0 | fields risk, level, incidents]
        | eval words=case(level="none", "no open incident", true(), level." now; halved every week"),
        open_words=case(incidents=0, "nothing to answer", true(), "answer with | busyverdict")""",
    )
    board.search(
        "totals",
        f"""
        {SCORES} busy_level=* | stats count AS signins max(busy_risk) AS worst count(eval(busy_level="critical" OR busy_level="high")) AS findings
        dc(Country) AS countries dc(src) AS addresses max(_time) AS last
        | eval worst=coalesce(round(worst), 0), finding_words="the worst has risk ".worst,
        signin_words=if(signins=0, "none in this time: check the name", "the last on ".strftime(last, "%d %b %H:%M")),
        places_words=if(countries=1, "country, ", "countries, ").addresses." addresses" """,
    )
    risk, opened, odd, places, signins = row(EDGE, 124, 1, 1, 1, 1, 1)
    colours = ((0, GOOD), (20, LEVELS["low"]), (40, LEVELS["medium"]), (70, LEVELS["high"]), (90, LEVELS["critical"]))
    board.number("number_risk", risk, "now", "risk", "Risk now", "words", colours=colours)
    board.number(
        "number_open",
        opened,
        "now",
        "incidents",
        "Open incidents",
        "open_words",
        colours=((0, GOOD), (1, LEVELS["high"])),
    )
    board.number(
        "number_odd", odd, "totals", "findings", "High and critical sign-ins", "finding_words", colours=((0, INK),)
    )
    board.number("number_places", places, "totals", "countries", "Where from", "places_words")
    board.number("number_signins", signins, "totals", "signins", "Sign-ins", "signin_words")


def story(board: Dashboard) -> None:
    """The timeline, and what the incidents say."""
    bands = ((90, 101, "critical"), (70, 90, "high"), (40, 70, "medium"), (20, 40, "low"), (0, 20, "none"))
    split = ", ".join(f"{level}=if(risk>={least} AND risk<{most}, risk, null())" for least, most, level in bands)
    board.search(
        "timeline",
        f"""
        {SCORES} | timechart max(busy_risk) AS risk | eval {split} | fields _time, critical, high, medium, low, none""",
    )
    board.search(
        "incidents",
        f"""
        | inputlookup busybody_incidents where user=$user|s$ | sort 0 - last | head 20
        | lookup busybody_detectors detector OUTPUT title
        | eval when=mvappend(strftime(opened, "%d %b %H:%M"), if(last-opened>60, "to ".strftime(last, "%d %b %H:%M"), null())), risk=round(risk), what=coalesce(title, detector),
        why={WHY.format("sentence")}, why=case(isnull(why) OR why="", "part of what is above", match(why, "[.]$$"), why, true(), why."…"), answer=if(status="open", "open", status)
        | table when, level, risk, answer, why
        | {nothing("answer", "none", "why", "No incident is known of this person. Open the Overview and click on somebody, or type a name as the log has it.")}
        | rename when AS When, level AS Level, risk AS Risk, answer AS Status, why AS "What happened" """,
    )
    left, right = row(156, 420, 1, 1.35)
    board.chart(
        "chart_timeline", "column", left, "timeline", "Risk over time", "The riskiest sign-in of each span, in the colour of its level.",
        stackMode="stacked", seriesColorsByField=LEVELS, yAxisMin=0, yAxisMax=100, columnSpacing=2,
    )  # fmt: skip
    board.table(
        "table_incidents", right, "incidents", "Incidents", "What belongs together. Status is the answer that was given, or open.",
        widths={"When": 122, "Level": 84, "Risk": 76, "Status": 98, "What happened": 404}, levels=["Level"], risks=["Risk"],
        statuses=["Status"], rows=4,
    )  # fmt: skip


def findings(board: Dashboard) -> None:
    """Each odd sign-in, and beside it the one that it is compared with."""
    board.search(
        "findings",
        f"""
        {SCORES} busy_level IN ($level|s$) | sort 0 - _time | head 200
        | eval time=strftime(_time, "%d %b %H:%M"), risk=round(busy_risk), why={WHY.format("busy_sentence")},
        here=mvappend(mvjoin(mvappend(City, Country), ", "), src, app),
        before=mvappend(strftime(busy_previous_time, "%d %b %H:%M"), mvjoin(mvappend(busy_previous_city, busy_previous_country), ", "), busy_previous_ip,
        busy_previous_device),
        learned=case(busy_learned="trusted", "yes", busy_learned="pending", "not yet", busy_learned="withheld", "no", true(), busy_learned)
        | table time, busy_level, risk, why, here, before, learned, busy_event_id
        | {nothing("time", "none", "why", "No sign-in of these levels in this time range. Choose more levels or a longer range, or check the name.")}
        | rename time AS Time, busy_level AS Level, risk AS Risk, why AS "What is odd", here AS "This sign-in",         before AS "Sign-in before", learned AS Learned, busy_event_id AS "Event id" """,
    )
    (place,) = row(592, 540, 1)
    board.table(
        "table_findings", place, "findings", "Findings", "Each odd sign-in with the one that it is compared with. The event id goes into | busyverdict.",
        widths={"Time": 116, "Level": 84, "Risk": 76, "What is odd": 472, "This sign-in": 170, "Sign-in before": 192, "Learned": 104, "Event id": 164},
        levels=["Level"], risks=["Risk"], rows=4,
    )  # fmt: skip


def known(board: Dashboard) -> None:
    """The profile, and the answers."""
    board.search(
        "profile",
        f"""
        | busyprofile user=$user|s$ | search NOT section IN ("hour", "incident", "verdict")
        | eval order=case(item="frozen", 0, section="disowned", 1, section="not trusted yet", 2, section="network", 3, section="country", 4,
        section="device", 5, section="place", 6, true(), 7) | sort 0 order, - share, - last
        | eval share=if(isnull(share), null(), round(100*share)." %"), last=strftime(last, "%d %b %H:%M")
        | table section, item, detail, share, last
        | {nothing("section", "nobody", "item", "Nothing is known of this person. Type the name as the log has it, or train first: | busytrain.")}
        | rename section AS Kind, item AS "What is usual", detail AS Detail, share AS Share, last AS "Last used" """,
    )
    board.search(
        "verdicts",
        f"""
        | inputlookup busybody_verdicts where user=$user|s$ | sort 0 - given_at | head 50
        | eval time=strftime(given_at, "%d %b %H:%M"), how=case(isnull(flags) OR flags="", "none", true(), replace(flags, ",", " and ")), answer=if(applied>0, answer, answer." (waits for the next run)")
        | table time, answer, how, given_by, event_id
        | {nothing("time", "none", "answer", "nobody was asked")}
        | rename time AS Time, answer AS Answer, how AS Proof, given_by AS By, event_id AS "Event id" """,
    )
    left, right = row(1148, 440, 1.25, 1)
    board.table(
        "table_profile", left, "profile", "What is usual", "Networks, countries, devices, hours and places that the model knows of this person, and what it does not trust yet.",
        widths={"Kind": 116, "What is usual": 180, "Detail": 250, "Share": 84, "Last used": 120}, right=["Share"], rows=6,
    )  # fmt: skip
    board.table(
        "table_verdicts", right, "verdicts", "Answers", "What this person or an analyst said of a sign-in.",
        widths={"Time": 116, "Answer": 100, "Proof": 92, "By": 96, "Event id": 164}, statuses=["Answer"], rows=8,
    )  # fmt: skip
    board.text("text_attribution", (EDGE, 1604, 1408, 40), ATTRIBUTION, customFontSize=12)
