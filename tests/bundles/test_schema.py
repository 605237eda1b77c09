"""The format that others rely on."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from letters import LETTERS
from packaging.version import Version

import gluon_htr.bundles
from gluon_htr.bundles.catalog import SHIPPED
from gluon_htr.bundles.reader import read_bundle
from gluon_htr.bundles.schema import json_schema

SCHEMA = Path(gluon_htr.bundles.__file__).parent / "bundle.schema.json"


@pytest.mark.skipif(Version(msgspec.__version__) < Version("0.22"), reason="older ones write other schemas of the same")
def test_the_json_schema_is_current() -> None:
    """Who writes bundles by the published schema would be refused, or the other way round."""
    assert SCHEMA.read_bytes() == json_schema(), "run: python -m gluon_htr.bundles.schema"


def test_the_json_schema_describes_a_real_bundle() -> None:
    """The schema could name keys that no bundle has."""
    about = json.loads((read_bundle(SHIPPED / "words.zip").files)["bundle.json"])
    definitions = json.loads(SCHEMA.read_bytes())["$defs"]
    assert (
        set(definitions["Description"]["required"]) <= about.keys() <= definitions["Description"]["properties"].keys()
    )
    optional = {"calibration"}  # shipped bundles are older
    assert about["model"].keys() | optional == definitions["Words"]["properties"].keys()
    assert about["model"]["task"] == "words"


def test_a_bundle_of_the_first_version_opens() -> None:
    """A change of ours would make everybody's models useless."""
    bundle = read_bundle(LETTERS)
    assert bundle.name == "letters"
    assert "".join(bundle.alphabet.characters) == "abcde"
    assert bundle.reader.preprocessing.fit.height == 16
    assert bundle.description.task == "words"
    assert len(bundle.golden) == 5
    assert all(array.dtype == "float32" for array in bundle.trainable_pair.parameters.values())
