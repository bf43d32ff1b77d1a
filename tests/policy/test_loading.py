"""Loading: where policies are found, what extends what, and that a child may only make rules stricter."""

from __future__ import annotations

import pytest

from audit.errors import PolicyError, UnknownNameError
from audit.findings import Severity
from audit.policy import list_policies
from audit.policy.packs import packaged
from audit.terms.use import Purpose


def _rule(id_, require="known(file)", severity="block"):
    """Write one record rule: an empty line and seven more."""
    head = f'\n[[rule]]\nid = "{id_}"\nseverity = "{severity}"\nfor_each = "record"\n'
    return head + f'require = "{require}"\nbecause = "b"\nfix = "f"\n'


# --- where policies are found


def test_a_packaged_policy_needs_no_folder(load):
    """A packaged policy loads from any working directory."""
    policy = load("commercial-model")
    assert [layer.id for layer in policy.layers] == ["base", "commercial-model"]
    assert policy.use.purpose is Purpose.TRAIN


def test_a_bare_name_is_found_in_the_policies_folder(load, write):
    """A name that is not packaged is ``./policies/NAME.toml``."""
    write("house", _rule("house-rule"))
    assert load("house").rules[-1].id == "house-rule"


def test_a_path_is_a_file(load, write, tmp_path):
    """Anything with a slash or ending in .toml is a file, wherever it stands."""
    path = write("house", _rule("house-rule"))
    other = tmp_path / "mine.toml"
    other.write_bytes(path.read_bytes())
    for name in (str(path), "./policies/house.toml", "mine.toml"):
        assert load(name).id == "house"


def test_an_unknown_name_is_refused_with_a_suggestion(load, write):
    """A misspelt name is exit 2 and suggests the nearest; a path that leads nowhere says so."""
    write("house")
    message = "there is no policy 'comercial-model'; did you mean 'commercial-model'"
    with pytest.raises(UnknownNameError, match=message) as caught:
        load("comercial-model")
    assert caught.value.exit_code == 2
    assert "house" in caught.value.help
    with pytest.raises(PolicyError, match=r"nowhere/x\.toml:1:1: cannot read the file"):
        load("nowhere/x.toml")


def test_a_twin_of_a_packaged_policy_must_be_the_same(load, problems, tmp_path):
    """A packaged name wins; a file of that name with other contents is an error, not an override."""
    folder = tmp_path / "policies"
    folder.mkdir()
    twin = folder / "commercial-model.toml"
    twin.write_bytes(packaged()["commercial-model"].read_bytes())
    assert load("commercial-model").id == "commercial-model"
    twin.write_bytes(twin.read_bytes().replace(b'severity = "block"', b'severity = "note"'))
    (problem,) = problems("commercial-model")
    assert problem == (
        "policies/commercial-model.toml:1:1: 'commercial-model' is the name of a packaged policy, and this file "
        'differs from it | Give it another id and file name, and write extends = ["commercial-model@1"] to build on '
        "the packaged one."
    )


def test_a_file_cannot_pass_itself_off_as_a_packaged_policy(problems, write):
    """A file under another name cannot carry a packaged policy's id, ``base`` least of all."""
    write("mine", id_="base")
    (problem,) = problems("policies/mine.toml")
    assert problem.startswith("policies/mine.toml:2:6: 'base' is the name of a packaged policy")


def test_the_list_names_every_policy_and_its_trouble(tmp_path, write):
    """Packaged policies come first, then the folder's; a broken file is listed with what is wrong."""
    write("house", version="2.1.0")
    write("base", version="9.0.0")
    (tmp_path / "policies" / "broken.toml").write_text("[policy\n", encoding="utf-8")
    listed = list_policies(tmp_path / "policies")
    names = sorted(packaged())
    assert names == ["base", "commercial-model", "internal-use", "research", "vendor-intake"]
    assert [(p.id, p.where) for p in listed[:5]] == [(name, "packaged") for name in names]
    assert all(p.title and p.version and not p.problem for p in listed[:5])
    twin, broken, house = listed[5:]
    assert "differs from it" in twin.problem
    assert "not valid TOML" in broken.problem
    assert (house.id, house.version, house.title, house.problem) == ("house", "2.1.0", "T", "")


# --- extends


def test_every_policy_extends_base(load, write):
    """Base is there whether or not a policy says so, and only its rules are base rules."""
    write("said", _rule("own"), extends=["base@1"])
    write("unsaid", _rule("own"))
    said, unsaid = load("said"), load("unsaid")
    assert [r.id for r in said.rules] == [r.id for r in unsaid.rules]
    assert said.base_rules == unsaid.base_rules == {r.id for r in load("base").rules}
    assert "own" not in said.base_rules


def test_a_parent_is_pinned_to_its_major_version(problems, write):
    """A parent of another major version is refused where it is named."""
    write("house", version="2.3.0")
    write("child", extends=["house@1"])
    (problem,) = problems()
    message = "policies/child.toml:5:12: 'house' is version 2.3.0 here, but house@1 is asked for"
    assert problem == f"{message} | Read what changed, then raise the number."


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        (["hous@1"], "5:12: there is no policy 'hous'; did you mean 'house'?"),
        (["house@1", "house@1"], "5:23: 'house' is extended twice | Delete one."),
        (["child@1"], "5:12: policies extend each other in a circle: child -> child | Take one out."),
        (["round@1"], "circle: child -> round -> child"),
        (["other@1"], "5:12: policies/other.toml holds the policy 'another', not 'other'"),
        (["house"], "5:12: 'house' does not name a policy and its major version | Write base@1."),
    ],
)
def test_a_parent_that_cannot_be_extended(problems, write, extends, message):
    """Unknown, doubled, circular and misnamed parents are refused at their place."""
    write("house")
    write("round", extends=["child@1"])
    write("other", id_="another")
    write("child", extends=extends)
    assert any(message in problem for problem in problems())


def test_a_chain_has_an_end(load, problems, write):
    """More policies than anybody can read are refused, long before the stack ends."""
    for n in range(30):
        write(f"p{n}", extends=[f"p{n + 1}@1"])
    write("p30")
    assert "more than 8 policies extend each other" in problems("p0")[0]
    assert len(load("p24").layers) == 8


def test_a_parent_is_found_beside_the_file_that_names_it(load, write, tmp_path):
    """A policy given by path may extend its neighbours as well as those in ./policies."""
    write("house", _rule("house-rule"))
    local = write("local", _rule("local-rule"))
    strict = write("strict", extends=["house@1", "local@1"])
    (tmp_path / "ci").mkdir()
    for path in (local, strict):
        path.rename(tmp_path / "ci" / path.name)
    assert [layer.id for layer in load("ci/strict.toml").layers] == ["base", "house", "local", "strict"]


# --- rules


def test_a_child_adds_rules_and_raises_severities(load, write):
    """A rule of a parent may become more serious; what it asks stays the parent's."""
    write("house", _rule("a", severity="warn") + _rule("b", severity="note"))
    write("child", '\n[[rule]]\nid = "a"\nseverity = "block"\n' + _rule("c"), extends=["house@1"])
    own = {r.id: (r.severity, r.policy) for r in load("child").rules if r.id in "abc"}
    assert own == {
        "a": (Severity.BLOCK, "house"),
        "b": (Severity.NOTE, "house"),
        "c": (Severity.BLOCK, "child"),
    }


def test_a_severity_cannot_be_lowered(problems, write):
    """Lowering names both files and lines."""
    write("house", _rule("a", severity="warn"))
    write("child", '\n[[rule]]\nid = "a"\nseverity = "note"\n', extends=["house@1"])
    (problem,) = problems()
    message = (
        "policies/child.toml:9:12: the severity of 'a' can only be raised: policies/house.toml:6:3 says warn"
    )
    assert problem == f"{message} | Write warn or leave the rule out."


def test_a_rule_cannot_be_redefined(problems, write):
    """Anything but the severity of a parent's rule is refused, with both places."""
    write("house", _rule("a"))
    write("child", _rule("a", require="origin = 'human' or known(origin)"), extends=["house@1"])
    (problem,) = problems()
    assert problem == (
        "policies/child.toml:12:1: the rule 'a' is defined at policies/house.toml:6:3, and only its severity can be "
        "raised | Delete because, fix, for_each, require, or give the rule another id."
    )


def test_base_cannot_be_softened(problems, write):
    """Not even a packaged base rule's severity can be lowered by a house policy."""
    write("child", '\n[[rule]]\nid = "rows-rejected"\nseverity = "note"\n')
    (problem,) = problems()
    assert problem.startswith(
        "policies/child.toml:8:12: the severity of 'rows-rejected' can only be raised: base.toml:"
    )


def test_two_parents_that_ask_the_same_agree(load, problems, write):
    """The same rule from two parents is one rule of the greater severity; a different one is a conflict."""
    write("one", _rule("a", require="origin = 'human'", severity="warn"))
    write("two", _rule("a", require="(origin='human')", severity="block"))
    write("three", _rule("a", require="origin <> 'synthetic'"))
    write("child", extends=["one@1", "two@1"])
    assert [r.severity for r in load("child").rules if r.id == "a"] == [Severity.BLOCK]
    write("clash", extends=["one@1", "three@1"])
    (problem,) = problems("clash")
    assert problem == (
        "policies/clash.toml:5:21: two policies define the rule 'a' differently: "
        "policies/one.toml:6:3 and policies/three.toml:6:3"
    )


def test_the_packaged_policies_can_be_extended_together(load, write):
    """Rules that packaged policies share are the same rules, so that a house can build on several."""
    write("child", extends=["commercial-model@1", "vendor-intake@1"])
    policy = load("child")
    assert {r.id: r.severity for r in policy.rules}["teacher-unnamed"] is Severity.BLOCK
    assert policy.values["min_evidence"] == "documented"


def test_must_apply_names_blocking_rules(load, write):
    """Only a blocking rule can make a run unknown by applying to nothing."""
    must = "must_apply = true\n"
    write("child", _rule("a") + must + _rule("b", severity="warn") + must + _rule("c"))
    assert load("child").must_apply == {"a"}


def test_line_breaks_of_a_text_are_the_files_own(load, write):
    """Reasons and fixes become one line, however the file breaks them."""
    text = _rule("a").replace('"b"', '"""\n  one\n  two"""')
    write("child", text)
    assert load("child").rules[-1].because == "one two"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_rule("a") + _rule("a"), "15:6: the rule 'a' is already defined at policies/child.toml:7:6"),
        ('[[rule]]\nid = "a"\nseverity = "block"\n', "6:6: rule 'a' does not say what it judges"),
        ('[[rule]]\nid = "a"\nseverity = "block"\nfor_each = "record"\n', "6:6: rule 'a' needs 'require'"),
        ('[[rule]]\nid = "a"\nseverity = "block"\nfor_each = "dataset"\n', "6:6: rule 'a' needs 'measure'"),
        (
            '[[rule]]\nid = "a"\nseverity = "block"\nfor_each = "dataset"\nmeasure = "a.b"\n',
            "6:6: rule 'a' needs a limit",
        ),
        (_rule("a") + "at_most = 1\n", "13:1: 'at_most' has no meaning in a rule for each record"),
        (_rule("a") + 'show = ["files"]\n', "13:8: unknown field 'files'; did you mean 'file'?"),
        (_rule("a", require="orgin = 'x'"), "10:12: unknown field 'orgin'"),
        (
            _rule("a", severity="blok"),
            "8:12: 'blok' is not a possible value of 'severity'; did you mean 'block'?",
        ),
        (_rule("a") + "becuase = 'x'\n", "13:1: unknown key 'becuase'; did you mean 'because'?"),
        (_rule("A b"), "7:6: 'A b' is not a possible id"),
        ("[use]\ncommercial = 'no'\n", "6:14: 'commercial' must be true or false"),
        ("[use]\nrelease = 'web'\n", "6:11: 'web' is not a possible value of 'release'"),
        ("[[reference]]\nname = 'x'\nkind = 'eval'\nsha256 = 'AB'\n", "8:10: this is not a SHA-256 digest"),
    ],
)
def test_a_mistake_in_a_file_is_named_at_its_place(problems, write, text, message):
    """Whatever is wrong with a table is one line with file, line and column."""
    write("child", text)
    found = problems()
    assert any(p.startswith(f"policies/child.toml:{message}") for p in found), found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('measure = "human_share"\nat_least = 0.2', "9:11: 'human_share' is not the name of a measure"),
        (
            'measure = "origin.human_share"\nat_least = 20',
            "10:12: a share runs from 0 to 1, but the limit is 20",
        ),
        ('measure = "origin.human_share"\nat_least = "20%"', "10:12: '20%' is no limit"),
        ('measure = "origin.human_share"\nat_least = nan', "10:12: a number is finite"),
        ('measure = "origin.human_share"\nat_least = 1e400', "10:12: a number is finite"),
        ('measure = "origin.human_share"\nat_least = "$floor"', "10:12: unknown parameter '$floor'"),
        ('measure = {share_of = "orgin = 1"}\nat_least = 0', "9:24: unknown field 'orgin'"),
        (
            'measure = {share_of = "contaminated", weighed_by = "tokens"}\nat_most = 0',
            "'tokens' is not a possible value",
        ),
        (
            'measure = {share_of = "contaminated", name = "a.b"}\nat_most = 0',
            "9:11: a measure has either a name",
        ),
        ("measure = 3\nat_most = 0", "9:11: a measure is a name such as"),
        (
            'measure = "a.b"\nat_most = 0\nrequire = "contaminated"',
            "11:1: 'require' has no meaning in a rule",
        ),
        ('measure = "a.b"\nat_most = 0\nmust_apply = true', "11:1: 'must_apply' has no meaning in a rule"),
    ],
)
def test_a_mistake_in_a_dataset_rule(problems, write, text, message):
    """Measures, shares and limits are checked where they stand."""
    write("child", f'[[rule]]\nid = "a"\nseverity = "block"\nfor_each = "dataset"\n{text}\n')
    found = problems()
    assert any(message in p for p in found), found


def test_every_mistake_of_a_file_is_listed_at_once(problems, write):
    """Nobody mends a policy one message at a time."""
    write(
        "child",
        _rule("a", require="orgin = 'x'")
        + _rule("b", require="chars > 'x' AND method = 'y'")
        + 'show = ["x"]\n',
    )
    places = [p.split(": ")[0] for p in problems()]
    assert places == [f"policies/child.toml:{place}" for place in ("10:12", "18:20", "18:37", "21:8")]
