"""Parameters, use and references: what a child or a project may change, and what was applied in the end."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import Place
from audit.policy.parameters import Parameter, strictest, tightened, tightening_mistake
from audit.terms.use import Purpose, Use

PARAMETER = '[parameters]\nfloor = {{value = {value}, tighten = "{tighten}"}}\n'
USED = (
    '[[rule]]\nid = "a"\nseverity = "block"\nfor_each = "dataset"\nmeasure = "origin.human_share"\n'
    'at_least = "$floor"\n'
)


# --- parameters


def test_a_child_tightens_a_parameter(load, write):
    """A child's value holds in the parent's rules too, and both places are remembered."""
    write("house", PARAMETER.format(value=0.2, tighten="up") + USED)
    write("child", "[parameters]\nfloor = {value = 0.3}\n", extends=["house@1"])
    policy = load("child")
    assert policy.limits(policy.rules[-1]) == {"at_least": Decimal("0.3")}
    assert policy.parameters["floor"].place == Place("policies/child.toml", 7, 1)
    assert policy.parameters["floor"].defined == Place("policies/house.toml", 6, 1)


def test_a_child_cannot_loosen_a_parameter(problems, write):
    """Loosening, or turning the direction round, names both files and lines."""
    write("house", PARAMETER.format(value=0.2, tighten="up") + USED)
    write("child", "[parameters]\nfloor = {value = 0.1}\n", extends=["house@1"])
    (problem,) = problems()
    message = "policies/child.toml:7:18: 'floor' may only be tightened up: policies/house.toml:6:1 says 0.2"
    assert problem == f"{message} | Write 0.2 or a greater value, or leave it out."
    write("child", '[parameters]\nfloor = {value = 0.3, tighten = "down"}\n', extends=["house@1"])
    assert "'floor' is tightened up, as policies/house.toml:6:1 says" in problems()[0]


def test_the_strictest_of_two_parents_holds(load, problems, write):
    """Two parents that move a parameter the same way agree on the stricter value; opposite ways are a conflict."""
    write("house", PARAMETER.format(value=0.2, tighten="up") + USED)
    write("one", "[parameters]\nfloor = {value = 0.5}\n", extends=["house@1"])
    write("two", "[parameters]\nfloor = {value = 0.3}\n", extends=["house@1"])
    write("child", extends=["one@1", "two@1"])
    assert load("child").values["floor"] == Decimal("0.5")
    write("other", PARAMETER.format(value=0.2, tighten="down"))
    write("clash", extends=["house@1", "other@1"])
    (problem,) = problems("clash")
    assert problem == (
        "policies/clash.toml:5:23: two policies declare the parameter 'floor' differently: "
        "policies/house.toml:6:1 and policies/other.toml:6:1"
    )


def test_a_tightened_value_still_fits_every_rule(problems, write):
    """A value that is stricter but means nothing to a rule that reads it is refused, with the rule."""
    rule = '[[rule]]\nid = "a"\nseverity = "block"\nfor_each = "record"\nrequire = "words >= $floor"\n'
    write("house", PARAMETER.format(value=5, tighten="up") + rule)
    write("child", "[parameters]\nfloor = {value = 5.5}\n", extends=["house@1"])
    said = "'floor' cannot be 5.5: parameter $floor: words is a whole number, but 5.5 is not"
    advice = "policies/house.toml:7:3 is the rule 'a' that reads it."
    assert problems() == [f"policies/child.toml:7:18: {said} | {advice}"]
    place = Place("audit-project.toml", 1, 1)
    assert problems("house", project_parameters={"floor": Decimal("5.5")}) == [f"{place}: {said} | {advice}"]


@pytest.mark.parametrize(
    ("value", "tighten", "message"),
    [
        ("0.2", "true", "0.2 cannot be tightened 'true'"),
        ("true", "up", "true cannot be tightened 'up'"),
        ("'human'", "up", "'human' cannot be tightened"),
        ("'declared'", "sideways", "'sideways' is not a possible value of 'tighten'"),
        ("[1]", "up", "a parameter is a number, true or false, a date or a text"),
        ("inf", "up", "a number is finite"),
        ("2026-01-01T00:00:00Z", "up", "a parameter is a number, true or false, a date or a text"),
    ],
)
def test_a_parameter_that_cannot_be_tightened(problems, write, value, tighten, message):
    """A parameter has an order and the direction that fits it."""
    write("child", PARAMETER.format(value=value, tighten=tighten))
    found = problems()
    assert any(message in p for p in found), found


def test_a_parameter_says_what_makes_it_stricter(problems, write):
    """Without a direction anything could be loosened; what resolution reads has the type it reads."""
    write(
        "child", "[parameters]\nfloor = {value = 0.2}\ncontract_follows_data = {value = 1, tighten = 'up'}\n"
    )
    floor, contract = problems()
    assert "6:18: parameter 'floor' does not say what makes it stricter" in floor
    assert "7:34: parameter 'contract_follows_data' is true or false" in contract


def test_a_project_tightens(load):
    """A project's values hold, and say where they come from."""
    place = Place("audit-project.toml", 4, 1)
    given = {"min_human_share": Decimal("0.25"), "min_evidence": "documented", "contract_follows_data": True}
    policy = load("commercial-model", project_parameters=given, project_place=lambda _: place)
    assert policy.values == load("base").values | given
    assert policy.parameters["min_human_share"].place == place
    rules = {r.id: r for r in policy.rules}
    assert policy.limits(rules["human-share-low"]) == {"at_least": Decimal("0.25")}
    assert policy.condition(rules["evidence-too-weak"]).parameters["min_evidence"] == "documented"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"contract_follows_data": False}, "'contract_follows_data' may only be tightened to true"),
        ({"min_human_share": Decimal("-0.1")}, "'min_human_share' may only be tightened up"),
        ({"min_human_share": Decimal("1.5")}, "'min_human_share' cannot be 1.5: a share runs from 0 to 1"),
        ({"min_human_share": Decimal("NaN")}, "'min_human_share' cannot be NaN"),
        ({"min_human_share": "0.2"}, "'min_human_share' cannot be '0.2'"),
        ({"min_human_share": True}, "'min_human_share' cannot be true"),
        ({"min_evidence": "verfied"}, "'min_evidence' cannot be 'verfied'"),
        ({"min_human_shre": 1}, "unknown parameter 'min_human_shre'; did you mean 'min_human_share'?"),
    ],
)
def test_a_project_cannot_loosen(problems, given, message):
    """Looser, mistyped, impossible and unknown parameters are exit 2, at their place in the project file."""
    place = Place("audit-project.toml", 9, 5)
    found = problems("commercial-model", project_parameters=given, project_place=lambda _: place)
    assert found[0].startswith(f"audit-project.toml:9:5: {message}"), found


VALUES = {
    "number": st.decimals(-5, 5, places=2) | st.integers(-5, 5),
    "truth": st.booleans(),
    "rung": st.sampled_from(["declared", "documented", "observed", "verified"]),
    "day": st.dates(date(2020, 1, 1), date(2026, 1, 1)) | st.sampled_from(["2021-05-04", "2024-02-29"]),
}
ORDERS = {
    "number": Decimal,
    "truth": int,
    "rung": ["declared", "documented", "observed", "verified"].index,
    "day": str,
}


@given(data=st.data(), kind=st.sampled_from(sorted(VALUES)), stricter_is_greater=st.booleans())
def test_tightening_never_loosens(data, kind, stricter_is_greater):
    """A value is accepted exactly if it is not looser, and of two values the stricter is the one that holds."""
    direction = (("true", "false") if kind == "truth" else ("up", "down"))[not stricter_is_greater]
    here, order = Place("p.toml", 1, 1), ORDERS[kind]
    parameter = Parameter("p", data.draw(VALUES[kind]), direction, here, here)
    for value in data.draw(st.lists(VALUES[kind], max_size=4)):
        old, new = order(parameter.value), order(value)
        looser = new < old if stricter_is_greater else new > old
        assert (tightening_mistake(parameter, value) is not None) == looser
        other = Parameter("p", value, direction, here, here)
        assert order(strictest(parameter, other).value) == (max if stricter_is_greater else min)(old, new)
        if not looser:
            parameter = tightened(parameter, value, here)
            assert order(parameter.value) == new


# --- use and references


def test_a_child_keeps_its_parents_use_or_replaces_it_whole(load, write):
    """``[use]`` is one table: a child or a project states it or inherits it; nothing is mixed key by key."""
    write("house", '[use]\npurpose = "train"\ncommercial = true\n')
    write("heir", extends=["house@1"])
    write("child", '[use]\npurpose = "evaluate"\n', extends=["house@1"])
    assert load("heir").use == Use(purpose=Purpose.TRAIN, commercial=True)
    assert load("child").use == Use(purpose=Purpose.EVALUATE)
    project = Use(competing=False)
    assert load("heir", project_use=project).use == project
    assert load("base").use == Use()


def test_parents_of_different_uses_need_a_decision(problems, write):
    """Two parents judge two uses; which one is meant has to be said."""
    write("child", extends=["commercial-model@1", "research@1"])
    said = "commercial-model, research state different uses | State [use] in this file."
    assert any(said in p for p in problems())


def test_a_reference_is_pinned_once(load, problems, write):
    """A child may add references; the same name with another digest is a conflict of both places."""
    text = "[[reference]]\nname = 'gsm8k'\nkind = 'eval'\nsha256 = '{}'\n"
    write("house", text.format("a" * 64))
    write("same", text.format("a" * 64), extends=["house@1"])
    write("child", text.format("b" * 64), extends=["house@1"])
    assert [r.name for r in load("same").references] == ["gsm8k"]
    (problem,) = problems()
    assert (
        "6:3: the reference 'gsm8k' is already pinned at policies/house.toml:5:3 to another index" in problem
    )


# --- what was applied


def test_resolved_says_everything_that_is_applied(load, write):
    """The resolved policy is plain JSON with parameters filled in and every file's digest, and no path."""
    write("child", '[[rule]]\nid = "rows-rejected"\nseverity = "block"\n', extends=["commercial-model@1"])
    policy = load("child", project_parameters={"min_human_share": Decimal("0.25")})
    resolved = json.loads(json.dumps(policy.resolved()))
    assert [layer["id"] for layer in resolved["extends"]] == ["base", "commercial-model", "child"]
    assert all(len(layer["sha256"]) == 64 for layer in resolved["extends"])
    assert resolved["parameters"]["min_human_share"] == {"value": 0.25, "tighten": "up"}
    rules = {rule["id"]: rule for rule in resolved["rules"]}
    assert rules["human-share-low"]["at_least"] == 0.25
    assert rules["evidence-too-weak"]["require"] == "evidence >= 'declared'"
    assert rules["teacher-unnamed"]["applies_to"] == "origin <> 'human'"
    assert resolved["use"]["commercial"] is True
    assert str(Path.cwd()) not in json.dumps(resolved)


def test_the_digest_follows_what_is_applied(load, write, tmp_path):
    """The same policy has the same digest wherever it lies; any change of rules, values, use or file changes it."""
    own = '[[rule]]\nid = "rows-rejected"\nseverity = "block"\n'
    path = write("child", own)
    first = load("child").digest
    (tmp_path / "copy.toml").write_bytes(path.read_bytes())
    assert load("copy.toml").digest == first
    digests = [first, load("child", project_use=Use(commercial=True)).digest]
    write("child", own.replace("rows-rejected", "files-differ"))
    digests.append(load("child").digest)
    write("child", own + "# a remark\n")
    digests.append(load("child").digest)
    assert len(set(digests)) == 4
    tight = [
        load("commercial-model", project_parameters={"min_human_share": Decimal(n)})
        for n in ("0", "0.1", "0.10")
    ]
    assert len({policy.digest for policy in tight}) == 2
