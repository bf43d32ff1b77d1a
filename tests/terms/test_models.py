from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.terms.models import MAX_NAME, best_match, identify, models


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
