"""What every store promises, whatever keeps it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any, Dict, Optional

import pytest
from busybody import stores
from busybody.errors import StoreError
from busybody.stores import Info, Row, Store
from busybody.stores.memory import MemoryStore
from hypothesis import example, given, settings
from hypothesis import strategies as st

DAY = 86400.0
HOSTILE = "ana/../\\x\0\n'\"%;--😀 \u2028" + "ü" * 300


def test_new_store_is_empty(store: Store) -> None:
    assert store.profile("ana") is None
    assert store.journal("ana") is None
    assert store.population() is None
    assert store.meta() == {}
    assert list(store.users()) == []
    assert store.count() == 0
    assert store.profiles(["ana"]) == {}
    assert store.verify() == []
    assert store.info().people == 0
    assert store.info().created == 1000.0
    assert store.info().schema == 1


def test_what_is_committed_is_read_back(store: Store) -> None:
    store.commit({"bob": Row("{}", 5.0), "ana": Row('{"a":1}', 6.0)}, {"ana": "journal"}, "everybody", {"cursor": "7"})
    assert store.profile("ana") == '{"a":1}'
    assert store.journal("ana") == "journal"
    assert store.journal("bob") is None
    assert store.population() == "everybody"
    assert store.meta() == {"cursor": "7"}
    assert list(store.users()) == ["ana", "bob"]
    assert store.profiles(["bob", "eve", "ana"]) == {"ana": '{"a":1}', "bob": "{}"}
    assert store.count() == 2


def test_what_a_commit_does_not_mention_stays(store: Store) -> None:
    store.commit({"ana": Row("p1", 1.0)}, {"ana": "j1"}, "all", {"a": "1"})
    store.commit({"ana": Row("p2", 2.0)}, {}, None, {"b": "2"})
    assert (store.profile("ana"), store.journal("ana")) == ("p2", "j1")
    store.commit({}, {"ana": "j2"})
    assert (store.profile("ana"), store.journal("ana")) == ("p2", "j2")
    assert store.population() == "all"
    assert store.meta() == {"a": "1", "b": "2"}


def test_none_erases_only_what_it_stands_for(store: Store) -> None:
    store.commit({"ana": Row("p", 1.0)}, {"ana": "j"})
    store.commit({"ana": None, "nobody": None}, {})
    assert (store.profile("ana"), store.journal("ana"), store.count()) == (None, "j", 0)
    store.commit({}, {"ana": None})
    assert store.journal("ana") is None


def test_names_and_texts_may_be_anything(store: Store) -> None:
    store.commit({HOSTILE: Row(HOSTILE, -1.5)}, {HOSTILE: ""}, HOSTILE, {HOSTILE: HOSTILE})
    assert list(store.users()) == [HOSTILE]
    assert (store.profile(HOSTILE), store.journal(HOSTILE), store.population()) == (HOSTILE, "", HOSTILE)
    assert store.meta() == {HOSTILE: HOSTILE}
    assert store.verify() == []
    assert store.forget(HOSTILE)


def test_names_differ_by_case_and_form(store: Store) -> None:
    names = ["Ana", "ana", "é", "e\u0301", " ana"]
    store.commit({name: Row(name, 1.0) for name in names}, {})
    assert list(store.users()) == sorted(names)
    assert store.profiles(names) == {name: name for name in names}


@pytest.mark.parametrize(
    ("profiles", "journals", "told"),
    [
        ({"": Row("p", 1.0)}, {}, "a person without a name cannot be stored. Leave out sign-ins without a user."),
        ({"a": Row("\ud800", 1.0)}, {}, "'a': '\\ud800' is no valid Unicode. Write it escaped."),
        ({}, {"\udc00": "j"}, "'\\udc00': '\\udc00' is no valid Unicode. Write it escaped."),
        ({"a": Row("p", float("nan"))}, {}, "a: nan is no time to have been last seen. Give epoch seconds."),
    ],
)
def test_what_cannot_be_kept_is_refused_whole(
    store: Store, profiles: Dict[str, Optional[Row]], journals: Dict[str, Optional[str]], told: str
) -> None:
    with pytest.raises(StoreError) as caught:
        store.commit({"bob": Row("p", 1.0), **profiles}, journals)
    assert str(caught.value).endswith(told)
    assert store.count() == 0


def test_users_stream_while_commits_go_on(store: Store) -> None:
    store.commit({f"user{n:05}": Row("p", 1.0) for n in range(1, 2400, 2)}, {})
    users = store.users()
    first = list(islice(users, 10))
    store.commit({"user00005": None}, {})
    everybody = first + list(users)
    assert everybody == sorted(everybody)
    assert len(everybody) in (1199, 1200)


def test_prune_erases_who_was_not_seen(store: Store) -> None:
    now = 1_000_000_000.0
    store.commit(
        {name: Row("p", now - days * DAY) for name, days in (("old", 31), ("edge", 30), ("new", 1))}, {"old": "j"}
    )
    assert store.prune(30, now) == 1
    assert list(store.users()) == ["edge", "new"]
    assert store.journal("old") is None
    assert store.prune(30, now) == 0


def test_forget_says_whether_it_knew(store: Store) -> None:
    store.commit({"ana": Row("p", 1.0), "bob": Row("p", 1.0)}, {"ana": "j", "eve": "only a journal"})
    assert store.forget("ana")
    assert not store.forget("ana")
    assert store.forget("eve")
    assert list(store.users()) == ["bob"]
    store.compact()
    assert store.profile("bob") == "p"


def test_closed_store_says_so(store: Store) -> None:
    with store:
        store.commit({"ana": Row("p", 1.0)}, {})
    store.close()
    calls = [
        lambda: store.profile("ana"),
        lambda: store.commit({}, {}),
        lambda: list(store.users()),
        store.population,
        store.count,
        store.compact,
        lambda: store.forget("ana"),
        lambda: store.prune(1, 1.0),
    ]
    for call in calls:
        with pytest.raises(StoreError, match=r"is closed\. Open it again\."):
            call()


def test_kind_follows_the_path(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    kinds = {}
    for name in ("a.db", "b/", "empty", "deep/er/c.db", "with space#?%41.db", "ü/"):
        with stores.open(f"{tmp_path}/{name}") as opened:
            kinds[name] = opened.info().kind
        with stores.open(f"{tmp_path}/{name}", read_only=True) as opened:
            assert opened.info().kind == kinds[name]
    assert kinds == {
        "a.db": "sqlite",
        "b/": "files",
        "empty": "files",
        "deep/er/c.db": "sqlite",
        "with space#?%41.db": "sqlite",
        "ü/": "files",
    }
    assert (tmp_path / "with space#?%41.db").exists()


def test_reopened_store_has_everything(path: str) -> None:
    with stores.open(path, clock=lambda: 77.0) as store:
        store.commit({"ana": Row("p", 1.0)}, {"ana": "j"}, "all", {"k": "v"})
    with stores.open(path) as store:
        assert (store.profile("ana"), store.journal("ana"), store.population()) == ("p", "j", "all")
        assert store.meta() == {"k": "v"}
        info = store.info()
        assert info == Info(info.kind, 1, 1, info.bytes, 77.0)
        assert info.bytes > 0


COMMITS = st.lists(
    st.tuples(
        st.dictionaries(
            st.sampled_from("abc"), st.none() | st.builds(Row, st.text(max_size=3), st.floats(-10, 10)), max_size=3
        ),
        st.dictionaries(st.sampled_from("abc"), st.none() | st.text(max_size=3), max_size=3),
        st.none() | st.text(max_size=3),
        st.dictionaries(st.sampled_from("xy"), st.text(max_size=3), max_size=2),
        st.sampled_from(["stay", "reopen", "forget a", "prune"]),
    ),
    max_size=6,
)


@pytest.mark.parametrize("kind", ["files", "sqlite"])
@settings(max_examples=30)
@given(commits=COMMITS)
@example(commits=[({"a": Row("", -0.0)}, {}, None, {}, "stay")])
def test_every_store_is_the_one_in_memory(kind: str, commits: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = str(tmp_path_factory.mktemp("store") / "s") + ("/" if kind == "files" else "")
    plain, store = MemoryStore(), stores.open(path)
    for profiles, journals, population, meta, then in commits:
        for each in (plain, store):
            each.commit(profiles, journals, population, meta)
        if then == "reopen":
            store.close()
            store = stores.open(path)
        elif then == "forget a":
            assert store.forget("a") == plain.forget("a")
        elif then == "prune":
            assert store.prune(1 / DAY, 0.0) == plain.prune(1 / DAY, 0.0)
        assert list(store.users()) == list(plain.users())
        assert store.profiles("abc") == plain.profiles("abc")
        assert [store.journal(user) for user in "abc"] == [plain.journal(user) for user in "abc"]
        assert (store.population(), store.meta()) == (plain.population(), plain.meta())
    assert store.verify() == []
    store.close()
