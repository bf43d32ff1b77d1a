"""The catalogue's files: complete, checked when read, digested and archived."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import tomllib
from datetime import date

import pytest

from audit.errors import InternalError
from audit.terms.catalogue import CATALOG, catalog_digest, catalog_files, catalog_rows
from audit.terms.conditions import Effect, conditions, read_conditions
from audit.terms.instruments import InstrumentKind, read_terms, terms
from audit.terms.licenses import index, licenses, read_licenses
from audit.terms.models import models, normalised, read_models
from audit.terms.places import places, read_places

READ_ON = date(2026, 11, 22)
"""The day on which the facts were read: no fact may be younger."""


@pytest.fixture
def copy(tmp_path):
    """A copy of the catalogue that a test may break."""
    return shutil.copytree(CATALOG, tmp_path / "catalog")


def _replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_every_file_belongs_to_a_known_part():
    """A file that no reader reads would be a fact that nobody uses."""
    assert {p.relative_to(CATALOG).parts[0] for p in catalog_files()} == {
        "conditions.toml",
        "license_texts.toml",
        "licenses",
        "mixing.toml",
        "models.toml",
        "places.toml",
        "restrictions.toml",
        "terms",
    }


@pytest.mark.parametrize("path", catalog_files(), ids=lambda p: p.relative_to(CATALOG).as_posix())
def test_every_fact_says_where_it_was_read(path):
    """Source, day and confidence stand with every fact of law and every date of release."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    for table in ("license", "version"):
        for row in data.get(table, []):
            stated = row["id"].startswith("LicenseRef-stated-")
            assert row["source_url"].startswith("the record" if stated else "https://"), row["id"]
            assert row["read_on"] <= READ_ON, row["id"]
            assert row.get("read_from") or row.get("retrieved_from"), row["id"]
            assert row["summary"].endswith("."), row["id"]
    for row in data.get("model", []) + data.get("family", []):
        assert ("released_on" in row) == ("source_url" in row), row["id"]


def test_no_provider_text_or_license_gets_lost():
    """43 providers with 130 versions of terms were read, and 128 licences; NOASSERTION is a value, not one of them."""
    found = terms()
    count = dict.fromkeys(found.names, 0)
    for version in found.versions.values():
        count[found.provider(version)] += 1
    assert count == {
        "01-ai": 3, "ai21": 1, "allenai": 1, "amazon": 2, "anthropic": 7, "baichuan-inc": 1, "bigcode": 1,
        "bigscience": 2, "black-forest-labs": 1, "bytedance": 2, "cohere": 2, "cursor": 1, "databricks": 1,
        "deepseek-ai": 6, "fal": 1, "fireworks": 1, "google": 11, "ibm-granite": 1, "internlm": 1,
        "lgai-exaone": 2, "liquidai": 2, "meituan": 1, "meta": 9, "microsoft": 5, "midjourney": 1,
        "minimax": 4, "mistralai": 10, "moonshotai": 3, "naver": 1, "nvidia": 3, "openai": 13,
        "openrouter": 1, "perplexity": 1, "qwen": 6, "replicate": 1, "snowflake": 1, "stabilityai": 3,
        "tencent": 2, "tiiuae": 2, "together": 1, "vivo": 1, "xai": 7, "zai-org": 4,
    }  # fmt: skip
    assert sum(count.values()) == 130
    ours = [i for i in licenses() if i.startswith("LicenseRef-stated-")]
    unversioned = {f"LicenseRef-{n}-unversioned" for n in ("GPL", "LGPL", "AGPL", "GFDL", "CC-BY-ND")}
    assert len(ours) == 6
    assert len(licenses().keys() - ours - unversioned) == 128
    assert "NOASSERTION" not in licenses()


def test_what_nobody_read_says_so_in_its_summary():
    """A text of low confidence admits it to whoever reads the summary."""
    for version in terms().versions.values():
        assert version.was_read != version.summary.startswith("NOT READ"), version.id


def test_versions_of_one_instrument_do_not_overlap_for_one_reach():
    """On any day one instrument has one text for each access, channel and region."""
    by_instrument = {}
    for version in terms().versions.values():
        by_instrument.setdefault(version.instrument, []).append(version)
    for same in by_instrument.values():
        for earlier, later in itertools.pairwise(same):
            assert earlier.effective_to, (earlier.id, later.id)
            assert later.start, later.id
            assert earlier.effective_to < later.start, (earlier.id, later.id)


def test_every_condition_is_used_and_explained():
    """A condition that no version names is dead; one without a sentence cannot be shown."""
    used = {c for v in terms().versions.values() for c in (*v.conditions, *v.obligations)}
    assert used == set(conditions())
    assert all(c.text.endswith((".", "?")) for c in conditions().values())


def test_a_bar_on_competing_models_is_a_condition_that_prohibits():
    """What a version states on the axis and what its conditions do must agree."""
    for version in terms().versions.values():
        bars = {c for c in version.conditions if conditions()[c].effect is Effect.PROHIBITS}
        if version.competing_models and version.competing_models.value == "prohibited":
            assert bars, version.id


def test_model_licenses_go_with_the_model():
    """The licence of weights attaches whatever the access, channel or region."""
    for version in terms().versions.values():
        if terms().kind(version) is InstrumentKind.MODEL_LICENSE:
            assert (version.access, version.channel, version.region) == ((), (), ()), version.id


def test_places_that_versions_name_exist():
    """A region or channel that no manifest can mean would never match."""
    known = places()
    regions = {r.id for r in known.regions.values()} | {r.complement for r in known.regions.values()}
    for version in terms().versions.values():
        assert set(version.region) <= regions, version.id
        assert set(version.channel) <= set(known.channels), version.id


def test_no_alias_is_claimed_twice():
    """One spelling means one licence, and one model."""
    assert set(index(licenses()).values()) == set(licenses().values())
    for name, model in models().by_name.items():
        assert name in {normalised(n) for n in (model.id, *model.aliases)}


@pytest.mark.parametrize(
    ("file", "old", "new", "read", "message"),
    [
        ("licenses/osi-permissive.toml", 'id = "MIT"', 'id = "ISC"', read_licenses, "ISC: given twice"),
        ("licenses/cdla.toml", 'class = "permissive"', 'class = "free"', read_licenses, "CDLA-Permissive-1.0: class"),
        ("licenses/cdla.toml", "share_alike = true", 'share_alike = "yes"', read_licenses, "share_alike"),
        ("licenses/cdla.toml", "share_alike = true", "share_like = true", read_licenses, "share_"),
        ("licenses/cdla.toml", "[[license]]", "[[license]", read_licenses, "not valid TOML"),
        ("terms/openai.toml", 'provider = "openai"', 'provider = "open"', read_terms, "openai.toml: file: needs"),
        ("terms/openai.toml", '["no-compete-models"', '["no-such-thing"', read_terms, "no condition 'no-such-thing'"),
        ("terms/openai.toml", "effective_to = 2023-03-13", "effective_to = 2023-99-13", read_terms, "not valid TOML"),
        ("terms/openai.toml", "effective_to = 2024-01-30", "effective_to = 2022-01-30", read_terms, "ends before it"),
        ("terms/openai.toml", 'id = "openai-tou-2023-03-14"', 'id = "openai-tou-pre-2023-03-14"', read_terms, "given twice"),
        ("terms/meta.toml", 'instrument = "llama-2-license"', 'instrument = "llama-9"', read_terms, "no instrument"),
        ("terms/meta.toml", 'id = "llama-2-2023"', 'id = "llama-2-2023"\naccess = ["api"]', read_terms, "every access"),
        ("terms/deepseek-ai.toml", 'access = ["api"]\n', "", read_terms, "needs 'access'"),
        ("terms/openrouter.toml", 'channel = ["openrouter"]\n', "", read_terms, "the terms of a host need 'channel'"),
        ("terms/cohere.toml", 'channel = ["direct"]', 'channel = ["direct"]\nprovider_terms_apply = true', read_terms, "only the terms of a host"),
        ("conditions.toml", 'effect = "prohibits"', 'effect = "forbids"', read_conditions, "no-compete-models: effect"),
        ("conditions.toml", '"no-ai-training-at-all"\neffect = "prohibits"', '"no-ai-training-at-all"\neffect = "none"', read_terms, "none of its conditions prohibits"),
        ("conditions.toml", 'effect = "prohibits"', 'effect = "none"', read_terms, "lifts 'no-compete-models', which is no condition"),
        ("terms/openai.toml", '    "exception:fine-tuning-on-the-service",\n    "no-compete-models",\n', '    "no-duplicating-services",\n    "no-ai-training-at-all",\n', read_terms, "lifts none of its conditions"),
        ("terms/anthropic.toml", 'incorporates = ["anthropic-usage-policy"]', 'incorporates = ["nothing"]', read_terms, "incorporates 'nothing', which is no other instrument"),
        ("models.toml", 'base = "llama-7b"', 'base = "llama-9"', read_models, "alpaca-7b: its ancestor 'llama-9' is not listed"),
        ("models.toml", 'base = "llama-7b"', 'base = "wombat-7b-gpt4"', read_models, "descends from itself"),
        ("models.toml", 'base = "llama-13b"\ntrained_on = ["chatgpt"]\n', "", read_models, "an ancestry needs 'base' or 'trained_on'"),
        ("models.toml", 'trained_on = ["text-davinci-003"]\nsource_url', 'trained_on = ["text-davinci-003"]\nsource', read_models, "ancestry"),
        ("conditions.toml", 'id = "no-compete-models"', 'id = "research-only"', read_conditions, "given twice"),
        ("models.toml", '"gpt4", "openai/gpt-4"', '"gpt3", "openai/gpt-4"', read_models, "'gpt3' is gpt-3 already"),
        ("models.toml", 'family = "gpt-3"', 'family = "gpt-2"', read_models, "no family 'gpt-2'"),
        ("models.toml", 'confidence = "medium"\n', "", read_models, "needs source_url"),
        ("places.toml", '"aws", ', '"openai", ', read_places, "given twice"),
    ],
)  # fmt: skip
def test_a_wrong_entry_stops_everything_and_is_named(copy, *, file, old, new, read, message):
    """A mistake in the facts is ours: no answer is given, and the message names file and entry."""
    _replace(copy / file, old, new)
    with pytest.raises(InternalError, match=re.escape(message)) as caught:
        read(copy)
    blamed = (
        "conditions.toml"
        if "lifts 'no" in message
        else "terms/"
        if read is read_terms
        else file.rsplit("/", 1)[-1]
    )
    assert f"catalog/{blamed}" in caught.value.message.replace("catalog/licenses/", "catalog/")


def test_an_alias_of_two_licenses_stops_everything(copy):
    """Otherwise the order of the files would decide what a card means."""
    _replace(copy / "licenses" / "cdla.toml", "aliases = []", 'aliases = ["apache 2.0"]')
    with pytest.raises(InternalError, match="claimed by"):
        index(read_licenses(copy))


def test_the_digest_is_of_names_and_bytes(copy):
    """The same facts have the same digest wherever they lie; any change is another digest."""
    before = catalog_digest()
    assert catalog_digest(copy) == before
    (copy / "licenses" / "cdla.toml").rename(copy / "licenses" / "data.toml")
    assert catalog_digest(copy) != before
    (copy / "licenses" / "data.toml").rename(copy / "licenses" / "cdla.toml")
    assert catalog_digest(copy) == before
    with (copy / "places.toml").open("a", encoding="utf-8") as file:
        file.write("# a remark\n")
    assert catalog_digest(copy) != before


def test_rows_used_can_be_archived():
    """A version brings its instrument and conditions along, as JSON; strangers are left out."""
    rows = catalog_rows(["openai-tou-2023-03-14", "MIT", "gpt-4", "nobody"])
    assert json.loads(json.dumps(rows)) == rows
    ids = {kind: [row["id"] for row in found] for kind, found in rows.items()}
    assert ids == {
        "licenses": ["MIT"],
        "terms": ["openai-tou-2023-03-14"],
        "conditions": [
            "compliance-precondition-for-ownership",
            "disclose-ai-origin",
            "no-compete-models",
            "no-human-generated-claim",
            "no-scraping-outside-api",
        ],
        "models": ["gpt-4"],
        "mixing": [],
        "restrictions": [],
        "instruments": ["openai-terms-of-use"],
    }
    assert rows["terms"][0]["effective_from"] == "2023-03-14"
