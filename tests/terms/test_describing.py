"""The stack of terms that ``audit terms`` prints."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.exports.lookup import terms_text
from audit.records import Access, Permission
from audit.terms import MakerQuery, Use, ancestors, describe_terms, identify, models, resolve
from audit.terms.judging import Role
from audit.terms.permissions import strictness

NAMES = sorted({m.id for m in models().by_name.values()})
DESCENDANTS = sorted(n for n in NAMES if ancestors(n))
COMMERCIAL = Use(purpose="train", commercial=True, competing=True, release="weights")
RESEARCH = Use(purpose="train", commercial=False, competing=False, release="none")
days = st.dates(date(2020, 1, 1), date(2026, 11, 22))


def test_the_answer_of_the_command():
    """The keys of design section 7, the strictest of what applies on top."""
    assert describe_terms("gpt4", date(2023, 4, 1), "api") == {
        "model": "gpt-4",
        "provider": "openai",
        "train_on_outputs": "conditional",
        "competing_models": "prohibited",
        "conditions": ["no-compete-models", "no-scraping-outside-api", "no-human-generated-claim"],
        "obligations": ["disclose-ai-origin", "compliance-precondition-for-ownership"],
        "certain": True,
        "reason": "OpenAI Terms of Use (14 March 2023): training on outputs conditional, competing models prohibited",
        "applied": [
            {
                "terms_id": "openai-tou-2023-03-14",
                "version": "14 March 2023",
                "kind": "api-terms",
                "section": "s.2(c)(iii),(v) restrictions; s.3(a) content",
                "source_url": "https://openai.com/policies/mar-2023-terms/",
                "confidence": "high",
                "role": "channel-contract",
                "of": "gpt-4",
            }
        ],
    }


@pytest.mark.parametrize(
    ("model", "day", "via", "train", "competing", "certain"),
    [
        ("claude-2", "2023-08-01", "api", None, None, False),
        ("deepseek-r1", "2025-03-01", "weights", "allowed", "allowed", True),
        ("deepseek-r1", "2025-03-01", "api", "allowed", "allowed", False),
        ("llama-3.1-70b", "2024-09-01", "weights", "conditional", "allowed", True),
        ("mistral-small", "2024-06-01", "api", "allowed", None, True),
        ("gemini-1.5-pro", "2024-06-01", "api", None, "prohibited", False),
        ("text-davinci-003", "2023-01-01", "api", "conditional", "prohibited", True),
        ("gpt-4", "2022-01-01", "api", None, None, False),
        ("nobody-knows", "2024-01-01", "api", None, None, False),
    ],
)  # fmt: skip
def test_terms_of_well_known_models(model, day, via, *, train, competing, certain):
    """What is printed for no use in particular; null is unknown, and doubt is said."""
    found = describe_terms(model, date.fromisoformat(day), via)
    assert (found["train_on_outputs"], found["competing_models"], found["certain"]) == (
        train,
        competing,
        certain,
    )
    assert found["reason"]


@given(st.sampled_from([*NAMES, "nobody"]), st.none() | days, st.sampled_from([None, *Access]))
def test_certainty_needs_an_instrument(model, day, via):
    """Nothing is certain of a model to which no text applies."""
    found = describe_terms(model, day, via)
    if not found["applied"]:
        assert not found["certain"]
        assert found["train_on_outputs"] is None


# --- the stack


def _rows(found):
    return [(row["role"], row["of"], row["terms_id"]) for row in found["applied"]]


def test_a_contract_stands_beside_the_policy_that_it_incorporates():
    """The stack is told by role, the contract first."""
    assert _rows(describe_terms("claude-sonnet-4", date(2025, 9, 20), "api", "direct")) == [
        ("channel-contract", "claude-sonnet-4", "anthropic-commercial-2025-06-17"),
        ("incorporated-policy", "claude-sonnet-4", "anthropic-aup-2025-09-15"),
    ]


def test_the_terms_of_what_a_model_was_made_from_are_listed():
    """Alpaca is LLaMA tuned on outputs of text-davinci-003: the bar of OpenAI's terms stands in its stack."""
    found = describe_terms("tatsu-lab/alpaca-7b", date(2023, 5, 1), "weights")
    assert _rows(found) == [
        ("model-license", "alpaca-7b", "llama-1-2023"),
        ("ancestor", "text-davinci-003", "openai-tou-pre-2023-03-14"),
    ]
    assert (found["competing_models"], found["certain"]) == ("prohibited", True)
    assert "alpaca-7b, trained on outputs of text-davinci-003: OpenAI Terms of Use" in found["reason"]


def test_an_ancestor_is_judged_for_the_days_before_its_descendant():
    """What text-davinci-003 wrote for Alpaca it wrote before 13 March 2023, so later texts do not attach."""
    found = describe_terms("alpaca-7b", date(2025, 1, 1), "weights")
    assert [r["terms_id"] for r in found["applied"] if r["role"] == "ancestor"] == [
        "openai-tou-pre-2023-03-14"
    ]


def test_ancestors_of_ancestors_are_listed():
    """Wombat comes from Alpaca, which comes from LLaMA: three steps, none lost."""
    found = describe_terms("wombat-7b-gpt4", date(2023, 6, 1), "weights")
    assert {r["of"] for r in found["applied"]} == {"alpaca-7b", "gpt-4", "text-davinci-003"}
    assert {r["terms_id"] for r in found["applied"]} >= {"llama-1-2023", "openai-tou-2023-03-14"}


def test_an_uncertain_ancestor_makes_the_whole_uncertain():
    """Of the base of LLaVA no licence is on record, and the answer says so with the way to it."""
    found = describe_terms("llava-13b-v0", date(2023, 6, 1), "weights")
    assert found["certain"] is False
    assert "llava-13b-v0, derived from vicuna-13b-v0: no terms are known for vicuna-13b-v0" in found["reason"]


@given(st.sampled_from(DESCENDANTS), days, st.sampled_from([None, *Access]))
def test_the_top_is_the_strictest_of_the_stack(model, day, via):
    """No ancestor makes an answer freer, and none is left out of it."""
    whole = describe_terms(model, day, via)
    order = [list(Role).index(r["role"]) for r in whole["applied"]]
    assert order == sorted(order)
    assert len({r["terms_id"] for r in whole["applied"]}) == len(whole["applied"])
    for axis in ("train_on_outputs", "competing_models"):
        top = Permission(whole[axis]) if whole[axis] else None
        for ancestor in ancestors(model) if whole["applied"] else ():
            last = min(d for d in (ancestor.latest, day) if d)
            access = "weights" if ancestor.relation == "base" else None
            found = resolve(
                MakerQuery(ancestor.model, access=access, generated_to=last), RESEARCH, as_of=date.max
            )
            of_it = getattr(found, axis)
            assert of_it is None or strictness(of_it) <= strictness(top)


# --- for a use


@pytest.mark.parametrize(
    ("model", "via", "use", "permit"),
    [
        ("alpaca-7b", "weights", COMMERCIAL, "prohibited"),
        ("alpaca-7b", "weights", RESEARCH, "conditional"),
        ("deepseek-r1", "weights", COMMERCIAL, "allowed"),
        ("gpt-4", "api", Use(purpose="train"), None),
        ("llava-13b-v0", "weights", COMMERCIAL, "prohibited"),
        ("llava-13b-v0", "weights", RESEARCH, None),
    ],
)
def test_what_is_permitted_for_a_use(model, via, use, permit):
    """The strictest of the model and what it was made from decides; unknown stays unknown."""
    found = describe_terms(model, date(2025, 3, 1), via, use=use)
    assert found["permit"] == permit, found["permit_reason"]
    assert found["use"] == use.model_dump(mode="json", exclude_defaults=True)
    assert found["permit_reason"]


def test_without_a_use_nothing_is_said_of_one():
    """The stable keys of design section 7 stay as they are."""
    assert not {"use", "permit", "permit_reason"} & set(describe_terms("gpt-4", date(2023, 4, 1), "api"))


# --- for people


def test_the_text_groups_the_stack_by_role():
    """Contract, policy, licence and ancestors each have a heading that names the model."""
    text = terms_text(describe_terms("claude-sonnet-4", date(2025, 9, 20), "api", "direct", use=RESEARCH))
    contract, policy = (
        text.index("contract with the service, for claude-sonnet-4:"),
        text.index("policy that comes"),
    )
    assert (
        contract
        < text.index("anthropic-commercial-2025-06-17")
        < policy
        < text.index("anthropic-aup-2025-09-15")
    )
    assert 'for the use (purpose = "train", commercial = false' in text
    made = terms_text(describe_terms("alpaca-7b", date(2023, 5, 1), "weights"))
    assert "terms of text-davinci-003, which it was made from:" in made
    assert made.index("licence of the weights of alpaca-7b:") < made.index("terms of text-davinci-003")


def test_a_hostile_name_cannot_write_to_the_terminal():
    """A model may be called anything; escape codes do not reach the terminal."""
    text = terms_text(describe_terms("evil\x1b[2Jname", date(2023, 5, 1), "api"))
    assert "\x1b" not in text
    assert identify("evil\x1b[2Jname").known is False
