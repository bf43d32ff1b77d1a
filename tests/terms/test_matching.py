from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.records import Access
from audit.terms.instruments import InstrumentKind, terms
from audit.terms.matching import MakerQuery, match
from audit.terms.models import identify, models

AS_OF = date(2026, 11, 22)
NAMES = sorted({m.id for m in models().by_name.values()})
days = st.dates(date(2019, 1, 1), date(2027, 6, 1))
queries = st.builds(
    MakerQuery,
    model=st.sampled_from([*NAMES, "nobody-knows"]),
    access=st.sampled_from([None, *Access]),
    channel=st.sampled_from([None, "direct", "vertex", "bedrock", "openrouter", "somebody"]),
    region=st.sampled_from([None, "DE", "US"]),
    generated_from=st.none() | days,
    generated_to=st.none() | days,
)


def _on(model, day, **more):
    return match(MakerQuery(model=model, generated_from=day, generated_to=day, **more), AS_OF)


def _ids(found):
    return {v.id for case in found.cases for v in case.versions}


@given(queries)
def test_cases_cover_every_possible_day_once_for_each_way(query):
    """No day is lost or counted twice, and none lies outside what is possible."""
    found = match(query, AS_OF)
    ways = {}
    for case in found.cases:
        ways.setdefault(case.reach, []).append(case)
    for cases in ways.values():
        assert max(cases, key=lambda c: c.last).last <= AS_OF
        for earlier, later in itertools.pairwise(cases):
            assert earlier.last + timedelta(days=1) == later.first
    assert bool(found.cases) != bool(found.nothing)


@given(queries)
def test_nothing_changes_inside_a_case(query):
    """The versions of a case hold on its first and on its last day."""
    for case in match(query, AS_OF).cases:
        for version in case.versions:
            assert version.in_force(case.first) == version.in_force(case.last)


@given(queries)
def test_one_text_of_an_instrument_at_a_time(query):
    """Within an instrument one version applies; different instruments all do."""
    for case in match(query, AS_OF).cases:
        instruments = [v.instrument for v in case.versions]
        assert len(instruments) == len(set(instruments))


def test_the_date_decides_which_text():
    """The day before and the day after a new text differ."""
    assert _ids(_on("gpt-4", date(2023, 11, 13), access="api")) == {"openai-tou-2023-03-14"}
    after = _ids(_on("gpt-4", date(2023, 11, 14), access="api"))
    assert after == {"openai-tou-2023-03-14", "openai-business-terms-2023-11"}


def test_days_before_release_and_after_the_audit_are_ruled_out():
    """An interval that is empty after clamping has no case, and says why."""
    clamped = match(MakerQuery(model="gpt-4", generated_to=date(2023, 5, 1)), AS_OF)
    assert clamped.cases[0].first == date(2023, 3, 14)
    early = match(MakerQuery(model="gpt-4", generated_to=date(2022, 1, 1)), AS_OF)
    assert not early.cases
    assert "released on 2023-03-14" in early.nothing
    late = match(MakerQuery(model="gpt-4", generated_from=date(2027, 1, 1)), AS_OF)
    assert "after the day of the audit" in late.nothing
    turned = match(MakerQuery(model="gpt-4", generated_from=AS_OF, generated_to=date(2024, 1, 1)), AS_OF)
    assert "end before they start" in turned.nothing


def test_access_attaches_contracts():
    """The API has its contract, the product its own, weights neither."""
    day = date(2024, 6, 1)
    assert _ids(_on("gpt-4", day, access="api")) == {"openai-business-terms-2023-11"}
    assert _ids(_on("gpt-4", day, access="product", region="US")) == {"openai-tou-2024-01-31"}
    weights = _on("gpt-4", day, access="weights")
    assert not _ids(weights)
    assert "no terms are known" in weights.cases[0].gap


def test_an_unstated_region_leaves_the_texts_of_all_regions():
    """Where two regions have two texts, both are possible."""
    found = _on("gpt-4", date(2024, 6, 1), access="product")
    assert _ids(found) == {"openai-tou-2024-01-31", "openai-tou-eea-2024-02-15"}
    assert len(found.cases) == 2
    assert _ids(_on("gpt-4", date(2024, 6, 1), access="product", region="CH")) == {
        "openai-tou-eea-2024-02-15"
    }


def test_an_unstated_channel_leaves_the_contracts_of_all_channels():
    """Gemini through the cloud is under other terms than Gemini through the API."""
    day = date(2024, 6, 1)
    assert _ids(_on("gemini-1.5-pro", day, access="api")) == {
        "gemini-api-2024-02-15",
        "vertex-ai-genai-terms",
    }
    assert _ids(_on("gemini-1.5-pro", day, access="api", channel="vertex")) == {"vertex-ai-genai-terms"}
    assert _ids(_on("vertex_ai/gemini-1.5-pro", day, access="api")) == {"vertex-ai-genai-terms"}
    assert _ids(_on("gemini-1.5-pro", day, access="api", channel="Google AI Studio")) == {
        "gemini-api-2024-02-15"
    }


def test_a_channel_that_nobody_knows_has_no_contract():
    """The provider's own contract does not bind a reseller's customer."""
    found = _on("gpt-4", date(2023, 6, 1), access="api", channel="some-reseller")
    assert not _ids(found)
    assert found.cases[0].gap


def test_an_unstated_channel_brings_in_no_reseller():
    """A catalogue that learns of another host must not change what records without a channel come to."""
    known = terms()
    for name in NAMES:
        provider = identify(name).provider
        for case in match(MakerQuery(model=name), AS_OF).cases:
            hosts = [v for v in case.versions if known.kind(v) is InstrumentKind.HOST_TERMS]
            assert all(known.provider(v) == provider for v in hosts), name


def test_a_stated_host_was_a_service():
    """Whoever names a host did not run the weights."""
    found = match(MakerQuery(model="bedrock/llama-3.1-8b-instruct", generated_from=date(2025, 1, 1)), AS_OF)
    assert {c.reach.access for c in found.cases} == {Access.API}


def test_the_terms_of_a_model_without_a_name_of_its_own_provider_are_the_hosts_alone():
    """For a model that nobody knows the host's text stands by itself, beside a gap."""
    found = _on("openrouter/nobody/knows-it", date(2026, 6, 1))
    assert (found.provider, _ids(found)) == (None, {"openrouter-2026-05"})
    assert "itself" in found.cases[0].gap


def test_open_weights_may_be_served_by_anybody():
    """Through an API the licence applies, and somebody's terms of service besides."""
    day = date(2025, 3, 1)
    assert [c.gap for c in _on("deepseek-r1", day, access="weights").cases] == [None]
    direct = _on("deepseek-r1", day, access="api", channel="direct")
    assert _ids(direct) == {"deepseek-mit-r1", "deepseek-terms-2025-01-20"}
    assert [c.gap for c in direct.cases] == [None]
    unstated = _on("deepseek-r1", day, access="api")
    assert any(c.gap for c in unstated.cases)
    assert {c.reach.access for c in _on("llama-3.1-8b-instruct", day).cases} == {Access.API, Access.WEIGHTS}


def test_weights_stay_under_the_license_they_came_with():
    """A licence that the vendor has replaced still goes with the checkpoint."""
    assert _ids(_on("gemma-2-9b-it", date(2025, 6, 1), access="weights")) == {"gemma-tou-2024-04-01"}
    assert _ids(_on("gemma-3-27b-it", date(2025, 6, 1), access="weights")) == {"gemma-tou-2025-03-24"}
    assert _ids(_on("gemma-3-27b-it", date(2025, 3, 20), access="weights")) == {"gemma-tou-2024-04-01"}


@pytest.mark.parametrize(
    ("model", "license_"),
    [
        ("gpt-oss-120b", "openai-gpt-oss-apache-2.0"),
        ("deepseek-r1-distill-llama-70b", "deepseek-r1-distill-llama"),
        ("deepseek-v3", "deepseek-licence-1.0"),
        ("deepseek-v3-0324", "deepseek-mit-r1"),
        ("ministral-8b-instruct-2410", "mistral-mrl-0.1"),
        ("mistral-7b-instruct-v0.2", "mistral-open-apache-2.0"),
        ("llama-3.2-3b-instruct", "llama-3.2-2024"),
        ("lmsys/vicuna-13b-v1.1", "llama-1-2023"),
    ],
)
def test_weights_have_their_own_license_and_no_other(model, license_):
    """Names that look alike are told apart."""
    assert _ids(_on(model, date(2026, 3, 1), access="weights")) == {license_}


def test_a_provider_alone_leaves_all_its_texts():
    """Without a model's name every text of the provider that was in force is possible."""
    found = match(MakerQuery(provider="openai", access="api", generated_from=date(2023, 12, 1),
                             generated_to=date(2023, 12, 1)), AS_OF)  # fmt: skip
    assert found.by_provider_only
    assert _ids(found) == {"openai-tou-2023-03-14", "openai-business-terms-2023-11"}
    assert "not named" in match(MakerQuery(provider="acme"), AS_OF).nothing
    assert "not named" in match(MakerQuery(), AS_OF).nothing


def test_successors_follow_in_date_order():
    """The version after one is the next text of the same instrument."""
    known = terms()
    assert known.successor(known.versions["openai-tou-pre-2023-03-14"]).id == "openai-tou-2023-03-14"
    assert known.successor(known.versions["openai-tou-2026-01-01"]) is None
    assert known.successor(known.versions["vertex-ai-genai-terms"]) is None


def _catalogue_with(monkeypatch, **change):
    """The program's own texts, but for one version."""
    known = terms()
    version = replace(known.versions["anthropic-commercial-2025-06-17"], **change)
    changed = replace(known, versions={**known.versions, version.id: version})
    monkeypatch.setattr("audit.terms.matching.terms", lambda: changed)


def test_a_contract_brings_the_policy_that_it_incorporates():
    """The usage policy stands beside the commercial terms on every day since both are in force."""
    found = _on("claude-sonnet-4", date(2025, 9, 20), access="api", channel="direct")
    assert _ids(found) == {"anthropic-commercial-2025-06-17", "anthropic-aup-2025-09-15"}
    assert all(case.gap is None for case in found.cases)


def test_an_incorporated_text_that_nobody_has_is_a_gap(monkeypatch):
    """Half a contract is not the contract: what it makes part of itself must be known."""
    _catalogue_with(monkeypatch, incorporates=("openai-terms-of-use",))
    found = _on("claude-sonnet-4", date(2025, 9, 20), access="api", channel="direct")
    assert {case.gap for case in found.cases} == {
        "no text of OpenAI Terms of Use, part of the contract, is known on 2025-09-20"
    }


def test_an_incorporated_text_applies_beyond_its_own_reach(monkeypatch):
    """A text for the product binds users of the API too, where their contract makes it part of itself."""
    _catalogue_with(monkeypatch, incorporates=("anthropic-usage-policy", "anthropic-consumer-terms"))
    found = _on("claude-sonnet-4", date(2025, 9, 20), access="api", channel="direct")
    assert "anthropic-consumer-2025-05-01" in _ids(found)
