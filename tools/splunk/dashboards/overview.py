"""The overview: who is at risk, how it went, where, why, and whether there are more alerts than can be worked through."""

from __future__ import annotations

from studio import ATTRIBUTION, CARD, EDGE, GOOD, LEVELS, RISKS, Dashboard, nothing, row, to_person

SCORES = "index=`busybody_index` sourcetype=busybody:score user=$user|s$"
WHY = 'replace(replace({}, "^Risk [^:]*: ", ""), " Before: .*$$", "")'  # the sentence without its number and what it compares with


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
        "at_risk",
        """
        | busyrisk | search user=$user|s$
        | stats count(eval(level="critical" OR level="high")) AS at_risk count(eval(level="critical")) AS critical
        | eval words=if(at_risk=0, "Nobody is high or critical now", critical." critical, ".(at_risk-critical)." high")""",
    )
    board.search(
        "totals",
        f"""
        {SCORES} busy_level=* | stats count AS signins dc(user) AS people dc(orig_sourcetype) AS sources
        count(eval(busy_level="critical")) AS critical count(eval(busy_level="high")) AS high count(eval(busy_report=1)) AS alerts
        | eval alert_words=tostring(critical, "commas")." critical and ".tostring(high, "commas")." high sign-ins",
        people_words="who signed in during this time", signin_words=if(signins=0, "none yet: see Health",
        "from ".sources.if(sources=1, " source", " sources"))""",
    )
    board.search(
        "budget",
        f"""
        | inputlookup busybody_incidents | addinfo
        | where reported_risk>0 AND opened>=info_min_time AND opened<=info_max_time
        | stats count AS alerts count(eval(status="malicious")) AS confirmed
        | append [search {SCORES} | stats dc(user) AS people min(_time) AS first max(_time) AS last]
        | stats sum(alerts) AS alerts sum(confirmed) AS confirmed sum(people) AS people sum(first) AS first sum(last) AS last
        | eval days=max(1, (last-first)/86400), allowed=`busybody_budget`*people/1000*days, open=alerts-confirmed,
        used=if(allowed>0, round(100*open/allowed), 0),
        words=if(allowed>0, open." unconfirmed of ".round(allowed, 1)." in ".round(days)." days", "nothing is scored yet")""",
    )
    risk, alerts, budget, seen, signins = row(EDGE, 124, 1, 1, 1, 1, 1)
    board.number(
        "number_risk",
        risk,
        "at_risk",
        "at_risk",
        "People at high risk now",
        "words",
        colours=((0, GOOD), (1, LEVELS["critical"])),
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
        colours=((0, GOOD), (80, LEVELS["medium"]), (100.5, LEVELS["critical"])),
    )
    board.number("number_people", seen, "totals", "people", "People", "people_words")
    board.number("number_signins", signins, "totals", "signins", "Sign-ins scored", "signin_words")


def people(board: Dashboard) -> None:
    """Who is at risk now, and how many odd sign-ins there were each day."""
    board.search(
        "people",
        f"""
        | busyrisk | search user=$user|s$ | where level!="none"
        | eval order=case(level="critical", 4, level="high", 3, level="medium", 2, true(), 1) | sort 0 - order, - busy_risk, - last | head 100
        | eval last=strftime(last, "%d %b %H:%M"), risk=round(busy_risk), why=mvindex(split({WHY.format("sentence")}, "; "), 0),
        why=if(match(why, "[.]$$"), why, why."…")
        | table user, level, risk, last, why
        | {nothing("user", "Nobody is at risk.", "why", "Either all is well or nothing is scored yet. The Health dashboard says which.")}
        | rename user AS Person, level AS Level, risk AS Risk, last AS "Last seen", why AS Why""",
    )
    board.search(
        "levels",
        f"""
        {SCORES} | timechart count(eval(busy_level="critical")) AS critical count(eval(busy_level="high")) AS high
        count(eval(busy_level="medium")) AS medium""",
    )
    left, right = row(156, 490, 1.7, 1)
    board.table(
        "table_people", left, "people", "People at risk now", "Risk adds up open incidents, halved every week; the level is at least that of the worst. A click opens the person.",
        widths={"Person": 206, "Level": 84, "Risk": 76, "Last seen": 120, "Why": 372}, levels=["Level"], risks=["Risk"],
        links=["Person"], rows=6, drilldown=to_person("Person"),
    )  # fmt: skip
    board.chart(
        "chart_levels", "column", right, "levels", "Odd sign-ins over time", "One in 100 looks medium; high and critical also need evidence.",
        stackMode="stacked", seriesColorsByField={level: LEVELS[level] for level in ("critical", "high", "medium")},
    )  # fmt: skip


# The geometry of the map, made by the search: land from a lookup, then for each finding a polygon. A journey is a wedge along
# the great circle, thin where it begins, with a head where it ends; a finding without a journey is a disc. Angles in radians;
# a and c are the latitude and longitude before, b and d those of the finding, f the share of the way.
JOURNEYS = f"""
    | inputlookup busybody_land.csv | eval colour=0, person="", area="", risk="" | fields person, area, risk, colour, geom
    | append [search {SCORES} busy_level IN ($level|s$) | sort 0 - busy_risk | eval incident=coalesce(busy_incident, busy_event_id) | dedup user, incident | head 60
    | iplocation prefix=to_ src | iplocation prefix=from_ busy_previous_ip
    | eval lat=coalesce(lat, to_lat), lon=coalesce(lon, to_lon) | where isnotnull(lat) AND isnotnull(lon)
    | eval from_lat=coalesce(from_lat, lat), from_lon=coalesce(from_lon, lon), here=coalesce(City, to_City, Country, to_Country, "?"),
    there=coalesce(busy_previous_city, from_City, busy_previous_country, "?"),
    a=from_lat*pi()/180, b=lat*pi()/180, c=from_lon*pi()/180, d=lon*pi()/180
    | eval angle=2*asin(min(1, sqrt(pow(sin((b-a)/2), 2)+cos(a)*cos(b)*pow(sin((d-c)/2), 2)))), km=6371*angle,
    far=if(km>100 AND angle<3.1, 1, 0), id=busy_event_id, person=user, risk=round(busy_risk), colour=risk,
    area=user.": ".if(far=1, there." to ".here.", ".tostring(round(km), "commas")." km", here)
    | fields id, person, area, risk, colour, a, b, c, d, angle, far
    | eval step=mvrange(0, 52) | mvexpand step
    | eval f=if(step<26, step, 51-step)/25, side=if(step<26, 1, -1), angle=max(angle, 0.001),
    p=sin((1-f)*angle)/sin(angle), q=sin(f*angle)/sin(angle),
    x=p*cos(a)*cos(c)+q*cos(b)*cos(d), y=p*cos(a)*sin(c)+q*cos(b)*sin(d), z=p*sin(a)+q*sin(b), east=atan2(y, x)-c,
    lat=atan2(z, sqrt(x*x+y*y)), lon=c+atan2(sin(east), cos(east)),
    bearing=atan2(sin(d-lon)*cos(b), cos(lat)*sin(b)-sin(lat)*cos(b)*cos(d-lon)),
    wide=side*min(1, 0.25+angle)*case(f>=1, 0, f>0.91, 0.4*(1-f), true(), 0.002+0.009*f), turn=2*pi()*step/51,
    lat=if(far=1, lat-wide*sin(bearing)*cos(lat), b+0.022*cos(turn)*cos(b)), lon=if(far=1, lon+wide*cos(bearing), d+0.022*sin(turn)),
    point="[".round(lon*180/pi(), 2).",".round(lat*180/pi(), 2)."]"
    | stats list(point) AS points by id, person, area, risk, colour
    | eval geom="{{\\"type\\":\\"Polygon\\",\\"coordinates\\":[[".mvjoin(points, ",").",".mvindex(points, 0)."]]}}"
    | sort 0 risk | fields person, area, risk, colour, geom]
    | table person, area, risk, colour, geom"""


def places(board: Dashboard) -> None:
    """Where from and where to, and what was odd."""
    board.search("map", JOURNEYS)
    board.search(
        "detectors",
        f"""
        {SCORES} busy_level IN ($level|s$) | stats count AS signins by busy_findings
        | lookup busybody_detectors detector AS busy_findings OUTPUT title | eval detector=coalesce(title, busy_findings), detector=if(len(detector)>20, substr(detector, 1, 19)."…", detector)
        | sort 0 - signins | head 10 | table detector, signins""",
    )
    left, right = row(662, 452, 1.7, 1)
    board.panel(
        "map_journeys", "map", left, "map", title="Where from, where to",
        note="An arrow leads from the sign-in before to the odd one; a dot where nobody travelled. A click opens the person.",
        context={"risks": [{"to": 1, "value": "#2a323d"}, *({**risk, "value": risk["value"] + "d9", "from": max(risk.get("from", 0), 1)} for risk in RISKS)]},
        showBaseLayer=False, center=[30, 8], zoom=0.72, backgroundColor=CARD, showScale=False, showCoordinates=False,
        layers=[{
            "type": "choropleth", "areaIds": '> primary | seriesByName("area")', "areaValues": '> primary | seriesByName("risk")',
            "dataColors": '> primary | seriesByName("colour") | rangeValue(risks)', "choroplethOpacity": 1, "choroplethStrokeColor": "transparent",
            "resultLimit": 1000,
        }],
        drilldown=to_person("person"),
    )  # fmt: skip
    board.chart(
        "bar_detectors",
        "bar",
        right,
        "detectors",
        "What was odd",
        "Sign-ins of the chosen levels, by what spoke against them.",
        legendDisplay="off",
        seriesColors=["#7fa3d6"],
        dataValuesDisplay="all",
        yAxisLabelVisibility="hide",
        showYMajorGridLines=False,
    )


def findings(board: Dashboard) -> None:
    """The latest findings, each with its sentence."""
    board.search(
        "findings",
        f"""
        {SCORES} busy_level IN ($level|s$) | sort 0 - _time | eval incident=coalesce(busy_incident, busy_event_id) | dedup user, incident | head 200
        | eval time=strftime(_time, "%d %b %H:%M"), risk=round(busy_risk), why={WHY.format("busy_sentence")},
        place=mvappend(mvjoin(mvappend(City, Country), ", "), src),
        before=mvappend(mvjoin(mvappend(busy_previous_city, busy_previous_country), ", "), strftime(busy_previous_time, "%d %b %H:%M"))
        | table time, user, busy_level, risk, why, place, before
        | {nothing("user", "No findings", "why", "No sign-in of these levels in this time range. Choose more levels or a longer range; if Health shows no sign-ins either, switch on the search that scores them.")}
        | rename time AS Time, user AS Person, busy_level AS Level, risk AS Risk, why AS "What is odd", place AS "Sign-in from", before AS "Before, from" """,
    )
    (place,) = row(1130, 560, 1)
    board.table(
        "table_findings", place, "findings", "Latest findings", "One row for each person and incident, the latest sign-in of it.",
        widths={"Time": 116, "Person": 206, "Level": 84, "Risk": 76, "What is odd": 562, "Sign-in from": 170, "Before, from": 166},
        levels=["Level"], risks=["Risk"], links=["Person"], rows=5, drilldown=to_person("Person"),
    )  # fmt: skip
    board.text("text_attribution", (EDGE, 1706, 1408, 40), ATTRIBUTION, customFontSize=12)
