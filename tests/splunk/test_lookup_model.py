"""A model in a CSV lookup: what was written is read back, what is broken is named by its line."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Dict

import pytest
from busybody.errors import StoreError
from busybody.stores import Row, Store
from busybody.stores.memory import MemoryStore
from busybody_splunk.lookup_model import COLUMNS, LookupModel, rows_of
from busybody_splunk.model import KVModel
from direct import Direct
from fake_splunkd import Instance
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)


def write(path: Path, store: Store) -> LookupModel:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows_of(store))
    return LookupModel(str(path))


@given(
    profiles=st.dictionaries(TEXT.filter(bool), TEXT),
    journals=st.dictionaries(TEXT.filter(bool), TEXT),
    population=st.none() | TEXT,
    meta=st.dictionaries(TEXT, TEXT),
)
def test_lookup_is_the_store_it_was_made_of(
    profiles: Dict[str, str], journals: Any, population: Any, meta: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = MemoryStore()
    store.commit({user: Row(text, 1.0) for user, text in profiles.items()}, journals, population, meta)
    model: Store = write(tmp_path_factory.mktemp("lookup") / "model.csv", store)
    assert list(model.users()) == list(store.users())
    assert model.profiles([*profiles, "nobody"]) == profiles
    assert [model.journal(user) for user in profiles] == [store.journal(user) for user in profiles]
    assert (model.population(), model.meta(), model.count()) == (population, meta, len(profiles))


def test_model_of_the_kv_store_becomes_a_lookup(tmp_path: Path) -> None:
    instance = Instance()
    model = KVModel(Direct(instance))
    people = {f"user{n:04}": Row("x" * n, 1.0) for n in range(1_500)}
    with model.writer("me", 60) as writer:
        writer.commit(people, dict.fromkeys(people, "j"), "p" * 1_200_000, {"k": "1"})
    instance.requests.clear()
    lookup = write(tmp_path / "model.csv", model)
    assert len(instance.requests) < 20
    assert lookup.profile("user1234") == "x" * 1234
    assert lookup.population() == "p" * 1_200_000
    assert lookup.info().people == 1_500


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has the columns []; a model has kind, key, text. Export it again."),
        ("user,risk\nana,1\n", "has the columns ['user', 'risk']; a model has kind, key, text."),
        ("kind,key,text\nprofile,ana,{}\n", "does not say its schema. Export the model again."),
        ("kind,key,text\nmodel,schema,2\n", "is of schema 2; this version reads up to 1. Update the app Busybody."),
        ("kind,key,text\nmodel,schema,1\npassword,a,b\n", "line 3: ['password', 'a', 'b'] is no row of a model."),
        ('kind,key,text\nmodel,schema,"1\n', "cannot be read: unexpected end of data. Export the model again."),
    ],
)
def test_what_is_no_model_is_named(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "model.csv").write_text(text, "utf-8")
    with pytest.raises(StoreError) as caught:
        LookupModel(str(tmp_path / "model.csv")).count()
    assert str(caught.value).startswith("model.csv: " + told)


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    found = Instance()
    found.home = tmp_path
    return found


def place(instance: Instance, *folders: str) -> None:
    """A model of one note, which says where it lies."""
    assert instance.home is not None
    store = MemoryStore()
    store.commit({}, {}, None, {"place": folders[-1]})
    lookups = instance.home.joinpath("etc", *folders, "lookups")
    lookups.mkdir(parents=True)
    write(lookups / "model.csv", store)


def found(instance: Instance, role: str = "busybody_user", app: str = "search") -> str:
    splunkd = Direct(instance)
    splunkd._headers["Authorization"] = f"Splunk {instance.login(role)}"
    return LookupModel.named("model.csv", splunkd, "ana", app).meta()["place"]


def test_lookup_is_found_where_the_search_would_find_it(instance: Instance) -> None:
    with pytest.raises(StoreError, match="model.csv: does not exist. Upload the lookup .* the app search or busybody"):
        found(instance)
    place(instance, "apps", "busybody")
    assert (found(instance), found(instance, app=""), found(instance, app="busybody")) == ("busybody",) * 3
    place(instance, "apps", "search")
    assert (found(instance), found(instance, app="other")) == ("search", "busybody")
    place(instance, "users", "ana", "search")
    assert (found(instance), found(instance, app="busybody")) == ("search", "busybody")


def test_who_has_none_of_our_roles_reads_no_model(instance: Instance) -> None:
    place(instance, "apps", "busybody")
    for role in ("user", "power"):
        for app in ("search", "busybody"):
            with pytest.raises(StoreError, match="if it is there, it is not shared with you"):
                found(instance, role, app)
    for role in ("busybody_user", "busybody_sender", "busybody_admin", "sc_admin", "admin"):
        assert found(instance, role) == "busybody"


def test_a_name_that_leads_elsewhere_is_no_lookup(instance: Instance) -> None:
    for name in ("../model.csv", "/etc/model.csv", "model", ".csv"):
        with pytest.raises(StoreError, match="is no lookup file. Give its name alone"):
            LookupModel.named(name, Direct(instance))
    assert instance.requests == []


def test_lookup_is_read_only(tmp_path: Path) -> None:
    with write(tmp_path / "model.csv", MemoryStore()) as model, pytest.raises(StoreError, match="is open read-only"):
        model.commit({}, {})
