from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.terms.conditions import conditions
from audit.terms.use import Purpose, Release, Use

uses = st.builds(
    Use,
    purpose=st.sampled_from([None, *Purpose]),
    commercial=st.sampled_from([None, True, False]),
    competing=st.sampled_from([None, True, False]),
    release=st.sampled_from([None, *Release]),
    base_model=st.sampled_from([None, "NONE", "llama-2-7b", "mistral-7b"]),
    jurisdictions=st.sampled_from([(), ("US",), ("DE", "US")]),
)
KEYS = ("purpose", "commercial", "competing", "release", "base_model")


@given(st.sampled_from(list(conditions().values())), uses, uses)
def test_saying_more_never_changes_a_known_answer(condition, vague, precise):
    """Kleene: what is true or false for a vague use stays so however the use is made precise."""
    names = ("llama-4-scout",)
    before = condition.applies(vague, names)
    filled = {k: getattr(precise, k) for k in KEYS if getattr(vague, k) is None}
    if not vague.jurisdictions:
        filled["jurisdictions"] = precise.jurisdictions
    after = condition.applies(vague.model_copy(update=filled), names)
    assert before is None or after is before


@pytest.mark.parametrize(
    ("name", "use", "applies"),
    [
        ("no-compete-models", Use(purpose="train", competing=True), True),
        ("no-compete-models", Use(purpose="train", competing=False), False),
        ("no-compete-models", Use(purpose="train"), None),
        ("no-compete-models", Use(purpose="evaluate", competing=True), False),
        ("needs-written-authorisation", Use(purpose="train", competing=False, commercial=False), True),
        ("research-only", Use(commercial=True), True),
        ("research-only", Use(commercial=False), False),
        ("name-prefix-llama:also-when-trained-on-outputs", Use(release="weights"), True),
        ("name-prefix-llama:also-when-trained-on-outputs", Use(release="none"), False),
        ("no-llm-improvement-except-llama-2", Use(purpose="train", base_model="NONE"), True),
        ("no-llm-improvement-except-llama-2", Use(purpose="train", base_model="meta-llama/Llama-2-7b-hf"), False),
        ("no-llm-improvement-except-llama-2", Use(purpose="train"), None),
        ("no-llm-improvement-except-llama-3", Use(purpose="train", base_model="meta-llama/Meta-Llama-3-8B"), False),
        ("no-llm-improvement-except-llama-3", Use(purpose="train", base_model="meta-llama/Llama-3.1-8B"), True),
        ("distillation-expressly-allowed", Use(), True),
    ],
)  # fmt: skip
def test_when_a_clause_bites(name, use, applies):
    """Each clause is judged against the keys of the use that it depends on, and no others."""
    assert conditions()[name].applies(use, ("llama-2-7b-chat",)) is applies


def test_a_clause_may_concern_some_models_only():
    """The European exclusion is about the multimodal models."""
    clause = conditions()["eu-excluded:multimodal-models"]
    assert clause.applies(Use(), ("llama-3.2-3b-instruct",)) is False
    assert clause.applies(Use(), ("llama-3.2-11b-vision-instruct",)) is None
    assert clause.applies(Use(jurisdictions=("FR",)), ("llama-4-scout",)) is True
    assert clause.applies(Use(jurisdictions=("US",)), ("llama-4-scout",)) is False
