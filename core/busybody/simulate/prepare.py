"""Makes networks.json, the simulator's world, out of the ASN and city tables that `build.py geo` uses too.

Run by hand, once: the result is committed and frozen. The true class of a network is decided here by lists and
words of the simulator's own, on purpose not by `busybody.places`: a simulator that shared the scorer's opinion
could not show where that opinion is wrong.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections import defaultdict
from typing import Any, DefaultDict, Dict, Iterator, List, Set, Tuple

COUNTRIES = (
    "US CA MX BR AR CL CO GB IE FR DE NL BE ES PT IT CH AT SE NO DK FI PL CZ RO HU GR UA RU TR IL AE ZA NG KE EG "
    "IN CN JP KR SG ID TH VN PH AU NZ"
).split()
HOMES = {  # where the largest holders of addresses sit is not where people live
    "US": ("New York", "Chicago", "Los Angeles", "Dallas", "Denver", "Seattle", "Atlanta"),
    "GB": ("London", "Manchester", "Birmingham", "Leeds"),
    "DE": ("Berlin", "Munich", "Frankfurt am Main", "Hamburg", "Cologne"),
    "FR": ("Paris", "Lyon", "Marseille", "Toulouse"),
    "JP": ("Tokyo", "Osaka"),
    "IN": ("Mumbai", "New Delhi", "Bengaluru", "Chennai"),
    "BR": ("Sao Paulo", "Rio de Janeiro", "Curitiba", "Recife"),
    "TR": ("Istanbul", "Ankara"),
    "CN": ("Beijing", "Shanghai"),
}
CITIES = {"US": 7, "GB": 4, "DE": 5, "FR": 4, "NL": 4, "IN": 4, "BR": 4, "CA": 3, "ES": 3, "IT": 3, "PL": 3, "AU": 3}
TRUE_MOBILE = {
    21928, 6167, 22394, 20057, 12576, 60339, 35228, 25135, 51207, 31615, 15480, 12430, 16299, 16232, 24608, 12912,
    8374, 39603, 44034, 25255, 15796, 47377, 13280, 26615, 22085, 28403, 55836, 45609, 38266, 9605, 9644, 133612,
    29975, 16637, 16135, 12400, 23693, 131445, 8359, 31133, 3216, 15895, 21497, 8447, 5384, 37075, 36873,
}  # fmt: skip
TRUE_RESIDENTIAL = {
    7018, 701, 7922, 20115, 22773, 5650, 20001, 11427, 33363, 2856, 5089, 5607, 3320, 3209, 8881, 8422, 3215, 12322, 5410,
    1136, 33915, 6848, 5432, 12392, 3352, 12479, 6739, 3269, 30722, 12874, 1267, 3243, 2860, 3303, 6830, 8412, 3301, 2119,
    3292, 719, 5617, 5610, 8708, 5483, 6799, 25229, 12389, 9121, 8551, 1680, 3741, 33771, 24863, 8452, 9829, 4134, 4837,
    4713, 2516, 17676, 4766, 3786, 9318, 9506, 4657, 7713, 9299, 45899, 7552, 23969, 1221, 7545, 4771, 9500, 577, 812, 852,
    8151, 28573, 27699, 7303, 10318, 7418, 10620, 15557, 16010,
}  # fmt: skip
TRUE_VPN = {
    9009, 212238, 60068, 136787, 147049, 141039, 207137, 31173, 39351, 62371, 209103, 199218, 11878, 206092, 205016,
    396356, 62240, 49981, 63473, 137409, 46562, 20278, 42831, 210743, 16247, 57172, 52423, 25369, 13213, 41564,
}  # fmt: skip
TRUE_HOSTING = {
    16509, 14618, 396982, 15169, 8075, 14061, 16276, 24940, 63949, 20473, 51167, 60781, 28753, 45102, 132203, 31898,
    53667, 8100, 40676, 21859, 199524, 63023, 202425, 46664, 20860, 44477, 210644, 200019, 200651, 50673, 3214, 51852,
    36352, 29802, 23470, 32097, 55286, 19318, 197540, 12876, 34549, 8972, 61317, 9370, 7684, 37963, 4812, 35916, 18779,
    46844, 30083, 26347, 30633, 59253, 133752, 54290, 62904, 33387, 25820, 398101, 394711, 395954, 58073, 211252,
}  # fmt: skip
MOBILE_WORDS = re.compile(
    r"(?<!auto)mobil(?!i[at]|i[de])|wireless|cellular|\bgsm\b|telcel|vodacom|\bmtn\b|telkomsel|docomo|hutchison|\blte\b",
    re.I,
)
HOSTING_WORDS = re.compile(
    r"host|server|cloud|data ?cent|vps|\bcolo(cation)?\b|datacamp|hetzner|ovh|digital ?ocean|amazon|google|microsoft|linode|"
    r"contabo|leaseweb|alibaba|tencent|oracle|web services|vultr|choopa|cdn|akamai|fastly|rackspace",
    re.I,
)
OFFICE_WORDS = re.compile(
    r"universi|college|bank|insurance|hospital|ministry|government|institut|airport|airlines|municip|county|"
    r"industr|pharma|consult|council|school|library|research|foundation",
    re.I,
)
EYEBALL_WORDS = re.compile(
    r"telecom|telekom|telef|telia|communicat|cable|fib(er|re|ra)|broadband|internet|\bisp\b|kabel", re.I
)
CARRIERS = re.compile(
    r"level 3|verizon|kpn|cogent|telstra|deutsche|british|\bnos\b|korea|china|century|frontier|gtt|charter|1&1|fastweb|orange|"
    r"exchange|coordination|agency|speedcast|versatel|telia|arelion|at&t|comcast|vodafone|telefonica|tata|lumen|iij|initiative",
    re.I,
)
TRANSIT = {
    174,
    3356,
    1299,
    2914,
    3257,
    6453,
    6939,
    6461,
    3549,
    13335,
    714,
    749,
    721,
    668,
    27064,
    306,
    385,
    56,
    71,
    32934,
}
STEP = 4096  # addresses between two samples of a range


def samples(asn_csv: str) -> Iterator[Tuple[int, int, int, str]]:
    """(first address, size, ASN, name) for pieces of at most STEP addresses."""
    import csv

    with open(asn_csv, newline="", encoding="utf-8") as stream:
        for first, last, asn, name in csv.reader(stream):
            start, end = int(ipaddress.IPv4Address(first)), int(ipaddress.IPv4Address(last)) + 1
            while start < end:
                size = min(STEP - start % STEP, end - start)
                yield start, size, int(asn), name
                start += size


def true_class(asn: int, name: str) -> str:
    if asn in TRUE_VPN:
        return "vpn"
    if asn in TRUE_RESIDENTIAL:
        return "residential"
    if asn in TRUE_HOSTING or HOSTING_WORDS.search(name):
        return "hosting"
    if asn in TRUE_MOBILE or MOBILE_WORDS.search(name):
        return "mobile"
    if OFFICE_WORDS.search(name):
        return "organisation"
    return "residential" if EYEBALL_WORDS.search(name) else "other"


def prepare(asn_csv: str, asn6_csv: str, city_mmdb: str, city6_mmdb: str) -> Dict[str, Any]:
    """The world: cities, operators with their true class, and prefixes (each operator's in each city)."""
    import maxminddb

    places = maxminddb.open_database(city_mmdb)
    names: Dict[int, str] = {}
    found: DefaultDict[Tuple[str, str, str], DefaultDict[int, List[Tuple[int, int, float, float]]]]
    found = defaultdict(lambda: defaultdict(list))
    weight: DefaultDict[str, DefaultDict[Tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    wanted = set(COUNTRIES)
    for start, size, asn, name in samples(asn_csv):
        if asn in TRANSIT or size < 256:
            continue
        record: Any = places.get(str(ipaddress.IPv4Address(start)))
        key = _key(record)
        if key is None or key[0] not in wanted:
            continue
        names.setdefault(asn, name)
        country, region, city = key
        found[(country, region, city)][asn].append((start, size, record["latitude"], record["longitude"]))
        if true_class(asn, name) == "residential":
            weight[country][(region, city)] += size
    return _choose(found, weight, names, places, lambda wanted: ipv6_blocks(asn6_csv, city6_mmdb, wanted))


def _hidden(found: Any, names: Dict[int, str]) -> Dict[str, Dict[int, Tuple[str, Tuple[str, str]]]]:
    """Small networks with the names of small internet providers, which rent to anybody in this world: no name,
    and so no classifier, betrays them. Country -> ASN -> (true class here, place)."""
    sizes: DefaultDict[int, int] = defaultdict(int)
    places: DefaultDict[int, List[Tuple[str, str, str]]] = defaultdict(list)
    for key in sorted(found):
        for asn, pieces in found[key].items():
            sizes[asn] += sum(size for _, size, _, _ in pieces)
            places[asn].append(key)
    small: DefaultDict[str, List[int]] = defaultdict(list)
    for asn, where in sorted(places.items()):
        if 512 <= sizes[asn] <= 8192 and len(where) == 1 and EYEBALL_WORDS.search(names[asn]):
            if true_class(asn, names[asn]) == "residential" and not CARRIERS.search(names[asn]):
                small[where[0][0]].append(asn)
    chosen = {}
    for country, asns in small.items():
        some = asns[:: max(1, len(asns) // 4)][:4]
        chosen[country] = {asn: ("vpn" if i % 2 else "hosting", places[asn][0][1:]) for i, asn in enumerate(some)}
    return chosen


def _choose(found: Any, weight: Any, names: Dict[int, str], places: Any, blocks: Any) -> Dict[str, Any]:
    cities: List[List[Any]] = []
    prefixes: List[List[Any]] = []
    used: Set[int] = set()
    hidden: Dict[int, str] = {}
    secrets = _hidden(found, names)
    for country in COUNTRIES:
        named = HOMES.get(country, ())
        ranked = sorted(weight[country].items(), key=lambda item: (item[0][1] not in named, -item[1], item[0]))[
            : len(named) or CITIES.get(country, 2)
        ]
        homes = {place for place, _ in ranked}
        best = _best_by_class(found, country, names)
        secret = secrets.get(country, {})
        hidden.update({asn: kind for asn, (kind, _) in secret.items()})
        for key in sorted(found):
            if key[0] != country:
                continue
            chosen = {
                asn: pieces
                for asn, pieces in found[key].items()
                if (secret[asn][1] == key[1:] if asn in secret else _takes(asn, names[asn], key[1:], homes, best))
            }
            if not chosen:
                continue
            first = next(iter(sorted(chosen.items())))[1][0]
            index = len(cities)
            cities.append([*key, round(first[2], 3), round(first[3], 3), int(key[1:] in homes)])
            for asn, pieces in sorted(chosen.items()):
                used.add(asn)
                for start, size, _, _ in _spread(
                    pieces, 3 if key[1:] in homes and true_class(asn, names[asn]) == "residential" else 1
                ):
                    whole = _same_city(places, start, size)
                    prefixes.append([asn, index, f"{ipaddress.IPv4Address(start)}/{33 - whole.bit_length()}"])
    from ..places.networks import classify  # what the scorer says of them, on the day of the freeze

    sizes: DefaultDict[int, int] = defaultdict(int)
    for by_asn in found.values():
        for asn, pieces in by_asn.items():
            sizes[asn] += sum(size for _, size, _, _ in pieces)
    operators = {
        str(asn): [
            names[asn][:40], hidden.get(asn) or true_class(asn, names[asn]), sizes[asn].bit_length(),
            "residential" if asn in hidden else classify(asn, names[asn]), int(asn in hidden),
        ]
        for asn in sorted(used)
    }  # fmt: skip
    lines = [row for row in prefixes if operators[str(row[0])][1] in ("residential", "mobile") and cities[row[1]][5]]
    six = blocks({(row[0], tuple(cities[row[1]][:3])) for row in lines})
    for row in lines:
        block = six.pop((row[0], tuple(cities[row[1]][:3])), None)
        if block:
            row.append(block)
    return {"cities": cities, "operators": operators, "prefixes": prefixes}


def ipv6_blocks(asn_csv: str, city_mmdb: str, wanted: Set[Tuple[int, Tuple[str, str, str]]]) -> Dict[Any, str]:
    """For operators in cities, a /40 that both tables place there."""
    import csv

    import maxminddb

    places = maxminddb.open_database(city_mmdb)
    asns = {asn for asn, _ in wanted}
    blocks: Dict[Any, str] = {}
    with open(asn_csv, newline="", encoding="utf-8") as stream:
        for first, last, asn, _ in csv.reader(stream):
            start, end = int(ipaddress.IPv6Address(first)), int(ipaddress.IPv6Address(last)) + 1
            if int(asn) not in asns or end - start < 1 << 88:
                continue
            step = max(1 << 88, (end - start) // 256 >> 88 << 88)
            for block in range(start + (-start % (1 << 88)), end - (1 << 88) + 1, step):
                keys = [_key(places.get(str(ipaddress.IPv6Address(block + (i << 86) + 1)))) for i in range(4)]
                if keys[0] and keys.count(keys[0]) == 4 and (int(asn), keys[0]) in wanted:
                    blocks.setdefault((int(asn), keys[0]), f"{ipaddress.IPv6Address(block)}/40")
    return blocks


def _key(record: Any) -> Any:
    if not record or not record.get("city"):
        return None
    return record["country_code"], record.get("state1") or "", record["city"].split(" (")[0]


def _same_city(places: Any, start: int, size: int) -> int:
    """How many addresses from `start` on are in one city: a power of two, of at most `size`."""
    here, run = _key(places.get(str(ipaddress.IPv4Address(start)))), 256
    while run < size and _key(places.get(str(ipaddress.IPv4Address(start + run)))) == here:
        run += 256
    return 1 << (run.bit_length() - 1)


def _best_by_class(found: Any, country: str, names: Dict[int, str]) -> Dict[str, Dict[int, Set[Tuple[str, str]]]]:
    """For each class, the country's largest operators, each with the few cities where it is largest."""
    sizes: DefaultDict[int, DefaultDict[Tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    for key, by_asn in found.items():
        if key[0] == country:
            for asn, pieces in by_asn.items():
                sizes[asn][key[1:]] += sum(size for _, size, _, _ in pieces)
    best: Dict[str, Dict[int, Set[Tuple[str, str]]]] = defaultdict(dict)
    keep = {"mobile": (3, 3), "hosting": (8, 1), "vpn": (6, 1), "organisation": (4, 1), "residential": (5, 0)}
    if country in CITIES:
        keep.update(
            {"hosting": (16, 1), "vpn": (10, 1), "mobile": (3, 4), "organisation": (6, 1), "residential": (8, 0)}
        )
    for wanted, (operators, where) in keep.items():
        ours = [asn for asn in sizes if true_class(asn, names[asn]) == wanted]
        listed = TRUE_HOSTING | TRUE_MOBILE | TRUE_VPN | TRUE_RESIDENTIAL
        ours.sort(key=lambda asn: (-sum(sizes[asn].values()) * (20 if asn in listed else 1), asn))
        if wanted == "hosting":  # half of the largest, half of the small fry
            ours = ours[: operators // 2] + ours[operators * 3 : operators * 3 + operators - operators // 2]
        for asn in ours[:operators]:
            top = sorted(sizes[asn].items(), key=lambda item: (-item[1], item[0]))
            best[wanted][asn] = {place for place, _ in top[:where]}
    return best


def _takes(asn: int, name: str, place: Tuple[str, str], homes: Set[Tuple[str, str]], best: Any) -> bool:
    kind = true_class(asn, name)
    operators = best.get(kind, {})
    if asn not in operators:
        return False
    if kind in ("residential", "mobile") and place in homes:
        return True
    return kind != "residential" and place in operators[asn]


def _spread(pieces: List[Any], most: int) -> List[Any]:
    pieces = sorted(pieces)
    return pieces if len(pieces) <= most else [pieces[len(pieces) * i // most] for i in range(most)]


def write(asn_csv: str, asn6_csv: str, city_mmdb: str, city6_mmdb: str, path: str) -> None:
    world = prepare(asn_csv, asn6_csv, city_mmdb, city6_mmdb)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("{\n")
        rows = {
            key: ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in world[key])
            for key in ("cities", "prefixes")
        }
        stream.write(f'"cities": [\n{rows["cities"]}\n],\n"operators": {{\n')
        stream.write(
            ",\n".join(
                f'"{asn}": {json.dumps(row, ensure_ascii=False, separators=(",", ":"))}'
                for asn, row in world["operators"].items()
            )
        )
        stream.write(f'\n}},\n"prefixes": [\n{rows["prefixes"]}\n]\n}}\n')
