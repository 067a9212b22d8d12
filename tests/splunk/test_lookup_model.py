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


def test_lookup_lies_in_the_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPLUNK_HOME", str(tmp_path))
    with pytest.raises(StoreError, match="model.csv: does not exist. Upload the lookup"):
        LookupModel.named("model.csv").profile("ana")
    lookups = tmp_path / "etc" / "apps" / "busybody" / "lookups"
    lookups.mkdir(parents=True)
    write(lookups / "model.csv", MemoryStore())
    assert LookupModel.named("model.csv").profile("ana") is None
    for name in ("../model.csv", "/etc/model.csv", "model", ".csv"):
        with pytest.raises(StoreError, match="is no lookup file. Give its name alone"):
            LookupModel.named(name)


def test_lookup_is_read_only(tmp_path: Path) -> None:
    with write(tmp_path / "model.csv", MemoryStore()) as model, pytest.raises(StoreError, match="is open read-only"):
        model.commit({}, {})
