from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.terms.models import MAX_NAME, ancestors, ancestry_faults, identify, models
from audit.terms.patterns import best_match


@pytest.mark.parametrize(
    ("name", "model", "provider"),
    [
        ("gpt4", "gpt-4", "openai"),
        ("GPT-4", "gpt-4", "openai"),
        ("openai/gpt-4", "gpt-4", "openai"),
        ("text_davinci_003", "text-davinci-003", "openai"),
        ("GPT-3.5 Turbo", "gpt-3.5-turbo", "openai"),
        ("ChatGPT", "chatgpt", "openai"),
        ("claude", "claude", "anthropic"),
        ("claude-3-5-sonnet-20240620", "claude-3-5-sonnet", "anthropic"),
        ("meta-llama/Llama-2-70b-chat-hf", "llama-2-70b-chat", "meta"),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", "mixtral-8x7b-instruct-v0.1", "mistralai"),
        ("deepseek-ai/DeepSeek-R1", "deepseek-r1", "deepseek-ai"),
        ("THUDM/chatglm3-6b", "chatglm3-6b", "zai-org"),
        ("Qwen/Qwen-1_8B-Chat", "qwen-1_8b-chat", "qwen"),
        ("x-ai/grok-4", "grok-4", "xai"),
        ("accounts/fireworks/models/qwen2-7b-instruct", "qwen2-7b-instruct", "qwen"),
        ("nvidia/Llama-3.1-Nemotron-70B-Instruct", "llama-3.1-nemotron-70b-instruct", "nvidia"),
    ],
)
def test_names_in_the_wild_mean_one_model(name, model, provider):
    """However a data set spells it, the model is the same."""
    found = identify(name)
    assert (found.id, found.provider, found.known) == (model, provider, True)


@pytest.mark.parametrize("model", {m.id: m for m in models().by_name.values()}.values(), ids=lambda m: m.id)
def test_every_alias_finds_its_model(model):
    """Every listed name leads to the entry that lists it, and every spelling is there to be matched."""
    for alias in (model.id, *model.aliases, model.id.upper()):
        found = identify(alias)
        assert (found.id, found.family) == (model.id, model.family)
        assert alias.lower() in found.names


def test_a_member_of_a_family_that_is_not_listed():
    """A snapshot that nobody listed still has a provider, and its family's first day."""
    found = identify("gpt-4-0125-preview")
    assert (found.known, found.provider, found.family) == (False, "openai", "gpt-4")
    assert found.released_on == date(2023, 3, 14)


def test_the_closest_family_wins():
    """A longer pattern says more than a shorter one."""
    assert identify("claude-3-opus-2099").family == "claude-3"
    assert identify("claude-9").family == "claude"
    assert identify("gpt-4o-2099").family == "gpt-4o"


def test_a_copy_by_somebody_else_is_not_the_model():
    """Prefixes are dropped for the organisations that made the models, for nobody else."""
    found = identify("somebody/gpt-4-clone")
    assert (found.provider, found.known) == (None, False)
    assert found.names == ("somebody/gpt-4-clone",)


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("vertex_ai/gemini-1.5-pro", "vertex"),
        ("anthropic.claude-3-opus-20240229", "bedrock"),
        ("azure/gpt-4", "azure"),
        ("gpt-4", None),
    ],
)
def test_a_name_may_state_its_channel(name, channel):
    """Who served the model can be read off some names."""
    found = identify(name)
    assert found.channel == channel
    assert found.known


def test_a_doubtful_date_rules_nothing_out():
    """A date of low confidence is shown in the catalogue and never relied on."""
    listed = models().by_name["claude-3-5-haiku"]
    assert listed.confidence == "low"
    assert identify("claude-3-5-haiku").released_on != listed.released_on


@given(st.text(max_size=400))
def test_any_name_gives_an_identity(name):
    """Vendors may call a model anything."""
    found = identify(name)
    assert found.names
    assert all(len(n) <= MAX_NAME * 2 for n in found.names)


def test_specific_patterns_beat_general_ones():
    """More letters say more; a name in full says most."""
    assert best_match(["gpt-4*"], ["gpt-4-32k"]) < best_match(["gpt-4-32k*"], ["gpt-4-32k"])
    assert best_match(["gpt-4*"], ["gpt-4"]) < best_match(["gpt-4"], ["gpt-4"])
    assert best_match(["gpt-4*"], ["llama"]) == 0


# --- ancestry

LISTED = {m.id: m for m in models().by_name.values()}


def test_many_models_say_what_they_were_made_from():
    """Every ancestry has a source that was read, and each name in it is a model of the catalogue."""
    made = [m for m in LISTED.values() if m.ancestry]
    assert len(made) >= 12
    for model in made:
        assert model.ancestry.source_url.startswith("https://"), model.id
        assert model.ancestry.names
        assert all(identify(n).known for n in model.ancestry.names)


def test_ancestors_are_found_through_every_generation():
    """Nearest first, each with the day by which it must have been used."""
    assert [tuple(a) for a in ancestors("GanjinZero/wombat-7b-gpt4-delta")] == [
        ("alpaca-7b", "base", "wombat-7b-gpt4", date(2023, 4, 13)),
        ("gpt-4", "trained-on", "wombat-7b-gpt4", date(2023, 4, 13)),
        ("llama-7b", "base", "alpaca-7b", date(2023, 3, 13)),
        ("text-davinci-003", "trained-on", "alpaca-7b", date(2023, 3, 13)),
    ]


def test_a_provider_is_not_bound_by_its_own_terms():
    """DeepSeek distilled its own R1 into Llama: only Meta's model stands among the ancestors."""
    assert identify("deepseek-r1-distill-llama-8b").trained_on == ("deepseek-r1",)
    assert [a.model for a in ancestors("deepseek-r1-distill-llama-8b")] == ["llama-3.1-8b"]


def test_the_first_day_of_a_family_bounds_no_training():
    """The day of Vicuna's first model is no last day for what trained a later one."""
    found = identify("lmsys/vicuna-13b-v1.3")
    assert found.base == "llama-13b"
    assert {a.latest for a in ancestors("lmsys/vicuna-13b-v1.3")} == {None}


def test_an_ancestry_of_low_confidence_is_never_relied_on(monkeypatch):
    """What nobody read is shown in the catalogue and decides nothing."""
    listed = models().by_name["alpaca-7b"]
    doubtful = dataclasses.replace(listed, ancestry=dataclasses.replace(listed.ancestry, confidence="low"))
    monkeypatch.setitem(models().by_name, "alpaca-7b", doubtful)
    identify.cache_clear()
    ancestors.cache_clear()
    try:
        assert (identify("alpaca-7b").base, ancestors("alpaca-7b")) == (None, ())
    finally:
        monkeypatch.undo()
        identify.cache_clear()
        ancestors.cache_clear()
    assert identify("alpaca-7b").base == "llama-7b"


@given(st.sampled_from(sorted(LISTED)) | st.text(max_size=20))
def test_ancestors_end(name):
    """However a model is named, its ancestors are finitely many, distinct, and none is itself."""
    found = ancestors(name)
    assert len(found) == len(set(found))
    assert identify(name).id not in {identify(a.model).id for a in found}


@given(st.dictionaries(st.sampled_from("abcde"), st.lists(st.sampled_from("abcde"), min_size=1), max_size=5))
def test_a_circle_is_found_wherever_it_is(parents):
    """A model is faulty exactly where following its ancestors comes back to it."""
    faulty = {name for name, message in ancestry_faults(parents, {n: n for n in "abcde"})}
    assert all(
        message == "descends from itself" for _, message in ancestry_faults(parents, {n: n for n in "abcde"})
    )
    for name in parents:
        reached, frontier = set(), set(parents[name])
        while frontier - reached:
            reached |= frontier
            frontier = {p for n in reached for p in parents.get(n, ())}
        assert (name in faulty) == (name in reached)


def test_dangling_and_empty_ancestries_are_named():
    """A name that nobody lists and an ancestry that says nothing are both faults."""
    assert list(ancestry_faults({"a": ["nobody"], "b": []}, {"a": "a", "b": "b"})) == [
        ("a", "its ancestor 'nobody' is not listed"),
        ("b", "an ancestry needs 'base' or 'trained_on'"),
    ]
