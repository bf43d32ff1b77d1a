from __future__ import annotations

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import InternalError
from audit.terms.catalogue import CATALOG
from audit.terms.conditions import Condition, Effect, conditions, judge_clauses, read_conditions
from audit.terms.instruments import terms
from audit.terms.use import Purpose, Release, Task, Use

uses = st.builds(
    Use,
    purpose=st.sampled_from([None, *Purpose]),
    commercial=st.sampled_from([None, True, False]),
    competing=st.sampled_from([None, True, False]),
    release=st.sampled_from([None, *Release]),
    base_model=st.sampled_from([None, "NONE", "llama-2-7b", "mistral-7b"]),
    jurisdictions=st.sampled_from([(), ("US",), ("DE", "US")]),
    task=st.sampled_from([None, *Task]),
    monthly_users=st.sampled_from([None, 0, 10_000_000, 700_000_000, 700_000_001]),
)
KEYS = ("purpose", "commercial", "competing", "release", "base_model", "task", "monthly_users")


def _filled(vague, precise):
    """Keep what a use says and let another say the rest."""
    filled = {k: getattr(precise, k) for k in KEYS if getattr(vague, k) is None}
    if not vague.jurisdictions:
        filled["jurisdictions"] = precise.jurisdictions
    return vague.model_copy(update=filled)


@given(st.sampled_from(list(conditions().values())), uses, uses)
def test_saying_more_never_changes_a_known_answer(condition, vague, precise):
    """Kleene: what is true or false for a vague use stays so however the use is made precise."""
    names = ("llama-4-scout",)
    before = condition.applies(vague, names)
    after = condition.applies(_filled(vague, precise), names)
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
        ("no-llm-improvement-except-llama-2", Use(purpose="train", competing=True, base_model="NONE"), True),
        ("no-llm-improvement-except-llama-2", Use(purpose="train", task="general", base_model="NONE"), True),
        ("no-llm-improvement-except-llama-2", Use(purpose="train", competing=False, task="classifier", base_model="NONE"), None),
        ("no-llm-improvement-except-llama-2", Use(purpose="train", task="classifier", base_model="llama-2-7b"), False),
        ("no-llm-improvement-except-llama-2", Use(purpose="train", base_model="meta-llama/Llama-2-7b-hf"), False),
        ("no-llm-improvement-except-llama-2", Use(purpose="train"), None),
        ("no-llm-improvement-except-llama-3", Use(purpose="train", base_model="meta-llama/Meta-Llama-3-8B"), False),
        ("no-llm-improvement-except-llama-3", Use(purpose="train", task="general", base_model="meta-llama/Llama-3.1-8B"), True),
        ("exception:unpublished-classifier-or-embedding", Use(task="classifier", release="none"), True),
        ("exception:unpublished-classifier-or-embedding", Use(task="classifier"), None),
        ("exception:unpublished-classifier-or-embedding", Use(task="general"), False),
        ("allowed:non-competing-narrow-models", Use(purpose="train", competing=False, task="extraction"), False),
        ("allowed:non-competing-narrow-models", Use(purpose="train", competing=False, task="general"), True),
        ("allowed:non-competing-narrow-models", Use(purpose="train", competing=False), None),
        ("mau-over-100m-needs-licence", Use(monthly_users=100_000_000), False),
        ("mau-over-100m-needs-licence", Use(monthly_users=100_000_001), True),
        ("mau-over-100m-needs-licence", Use(), None),
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


# --- exceptions

TEXTS = sorted(terms().versions)


@given(st.sampled_from(TEXTS), uses, uses)
def test_an_exception_never_unsettles_what_was_known(text, vague, precise):
    """Kleene for whole texts: bites and does not bite both stay, exceptions counted in."""
    named = [conditions()[c] for c in terms().versions[text].conditions]
    before = judge_clauses(named, vague, ())
    after = judge_clauses(named, _filled(vague, precise), ())
    for one, other in zip(before, after, strict=True):
        assert one.applies is None or other.applies is one.applies


@given(uses, st.sampled_from([True, False, None]), st.sampled_from([True, False, None]))
def test_a_bar_bites_unless_an_exception_holds(use, bar, exception):
    """The whole table: true and not false, in three values."""
    prohibits = Condition("bar", Effect.PROHIBITS, "Not this.", **_fixed(bar))
    excepts = Condition("but", Effect.EXCEPTS, "But that.", lifts=("bar",), **_fixed(exception))
    asked = use.model_copy(update={"purpose": None, "competing": True})
    clause = next(c for c in judge_clauses([prohibits, excepts], asked, ()) if c.condition is prohibits)
    expected = {
        (True, True): False, (True, False): True, (True, None): None,
        (False, True): False, (False, False): False, (False, None): False,
        (None, True): False, (None, False): None, (None, None): None,
    }  # fmt: skip
    assert clause.applies is expected[bar, exception]
    assert bool(clause.lifted_by) == (exception is True)
    assert bool(clause.perhaps_lifted_by) == (exception is None)


def _fixed(truth):
    """A condition on a use that competes and whose purpose nobody gives, with a known truth."""
    when = {True: {"competing": True}, False: {"competing": False}, None: {"purpose": "train"}}[truth]
    return {"when": when}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('lifts = ["no-compete-models"]', 'lifts = ["no-such"]', "lifts 'no-such', which is no condition"),
        ('lifts = ["no-compete-models"]', 'lifts = ["age-18"]', "lifts 'age-18', which is no condition"),
        ('lifts = ["no-compete-models"]', "", "an exception needs it"),
        ('\nif_open = "obliges"', '\nif_open = "asks"', "turns a prohibition into 'obliges'"),
        ('effect = "obliges"\nwhen = {release = ["api", "weights"]}\nname_prefix', 'effect = "none"\nname_prefix', "belongs to a condition that obliges"),
        ("monthly_users_over = 700_000_000", 'monthly_users_over = "many"', "mau-over-700m-needs-licence: when"),
    ],
)  # fmt: skip
def test_conditions_that_do_not_fit_together_stop_everything(tmp_path, *, old, new, message):
    """A mistake in the facts is ours: the message names the entry, and no answer is given."""
    root = shutil.copytree(CATALOG, tmp_path / "catalog")
    path = root / "conditions.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InternalError, match=message):
        read_conditions(root)
