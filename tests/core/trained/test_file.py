"""A trained model as a file: what is checked, and how it is said."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
from busybody.errors import ModelError
from busybody.trained import load, loaded
from busybody.trained.file import SCHEMA, dump

TREE = {"feature": [0, -1, -1], "threshold": [1.5, 0.0, 0.0], "right": [2, 0, 0], "samples": [4, 3, 1]}
PART: Dict[str, Any] = {
    "rows": 4, "usual": [0.5, 0.0], "threshold": 0.5, "tail": [[0.4, 2], [0.6, 1]],
    "model": {"max_samples": 4, "trees": [TREE]},
}  # fmt: skip
DOCUMENT: Dict[str, Any] = {
    "format": "busybody-trained", "version": 1, "algorithm": "isolation_forest", "features": ["operator", "device"],
    "scope": "organisation",
    "provenance": {
        "trained": "2026-06-01T00:00:00Z", "signins": 4, "people": 2, "since": "2026-03-01T00:00:00Z",
        "until": "2026-05-31T00:00:00Z", "libraries": {"scikit-learn": "1.9.1"}, "settings": {"seed": 0},
    },
    "parts": {"organisation": PART},
}  # fmt: skip


def changed(path: str, value: Any) -> bytes:
    """The document with one value changed; `path` is dotted, numbers are places in a list."""
    document = copy.deepcopy(DOCUMENT)
    inner: Any = document
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in way:
        inner = inner[step]
    inner[last] = value
    return dump(document)


def test_a_model_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "outliers.json"
    path.write_bytes(dump(DOCUMENT))
    model = loaded(str(path))
    part = model.part("anybody")
    assert part is not None
    assert (model.algorithm, model.features, model.scope) == (
        "isolation_forest",
        ("operator", "device"),
        "organisation",
    )
    assert model.provenance == DOCUMENT["provenance"]
    assert part.score([1.0, 0.0]) < part.score([2.0, 0.0])
    assert (part.threshold, part.rows) == (0.5, 4)


def test_a_model_of_persons_answers_only_for_them() -> None:
    model = load(dump({**DOCUMENT, "scope": "person", "parts": {"ana": PART}}), "people.json")
    assert model.part("ana") is not None
    assert model.part("bo") is None


def test_missing_and_more_usual_than_usual_is_the_usual() -> None:
    part = load(dump(DOCUMENT), "m").part("ana")
    assert part is not None
    assert part.prepared([None, 3.0]) == [0.5, 3.0]
    assert part.prepared([0.1, 0.0]) == [0.5, 0.0]


def test_rarity_counts_the_training_that_is_as_odd() -> None:
    part = load(dump(DOCUMENT), "m").part("ana")
    assert part is not None
    assert [part.rarity(score) for score in (0.3, 0.4, 0.5, 0.6, 0.9)] == [1.0, 0.6, 0.6, 0.4, 0.4]


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("format", "busybody-model", "m.json: is no trained model: its format is not 'busybody-trained'."),
        ("version", 2, "m.json: version: the model is of version 2, this Busybody reads up to 1."),
        ("algorithm", "lof", "m.json: algorithm: 'lof' is not "),
        ("features", ["operator", "asn"], "m.json: features[1]: 'asn' is unknown to this version."),
        ("scope", "team", "m.json: scope: 'team' is not "),
        ("extra", 1, "m.json: extra: is unknown to this version."),
        ("provenance/signins", "many", "m.json: provenance.signins: 'many' is not a whole number."),
        ("parts", {"ana": PART}, "m.json: parts: the organisation has one part, named 'organisation'."),
        ("parts/organisation", {}, "m.json: parts.organisation: 'rows' is missing."),
        (
            "parts/organisation/usual",
            [0.5],
            "m.json: parts.organisation.usual: it has 1 entries, and there are 2 features.",
        ),
        (
            "parts/organisation/tail",
            [[0.6, 1], [0.4, 2]],
            "m.json: parts.organisation.tail: its scores are not in rising order.",
        ),
        (
            "parts/organisation/model/trees/0/samples",
            [4, 3],
            "m.json: parts.organisation.model.trees[0].samples: it has 2 entries",
        ),
        (
            "parts/organisation/model/trees/0/feature",
            [7, -1, -1],
            "m.json: parts.organisation.model.trees[0].feature[0]: there are only 2 features",
        ),
        (
            "parts/organisation/model/trees/0/threshold",
            ["1", 0, 0],
            "m.json: parts.organisation.model.trees[0].threshold[0]: '1' is not a number.",
        ),
    ],
)
def test_an_error_names_file_and_key(path: str, value: Any, told: str) -> None:
    with pytest.raises(ModelError) as found:
        load(changed(path, value), "m.json")
    assert str(found.value).startswith(told)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b"null",
        b'{"format": NaN}',
        b'{"a": 1, "a": 2}',
        b"1e999",
        b"9" * 5000,
        b"[" * 100_000,
    ],
)
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(ModelError, match="m.json: is no trained model"):
        load(data, "m.json")


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match="nowhere.json: cannot be read"):
        loaded("nowhere.json")


def test_infinity_is_no_number() -> None:
    text = dump(DOCUMENT).replace(b"1.5", b"1e999")
    with pytest.raises(ModelError, match="is no number that fits"):
        load(text, "m.json")


def test_the_schema_is_one_that_any_validator_reads() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator
    validator.check_schema(schema)
    check: Callable[[Any], Any] = validator(schema).validate
    check(DOCUMENT)
    part = validator({"$ref": "#/$defs/isolation_forest", "$defs": schema["$defs"]})
    part.validate(PART["model"])
