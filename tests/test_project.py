"""The project file is ours: found above us, never inside a delivery, and read strictly."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from jsonschema import Draft202012Validator

from audit.errors import ProjectError, UsageError
from audit.project import FILE_NAME, find_project, load_project, project_json_schema
from audit.terms.use import Purpose, Release

EXAMPLE = """\
policy = "commercial-model"
[organisation]
id = "us"
name = "Us Ltd"
[model]
id = "student-1"
[use]
purpose = "train"
commercial = true
release = "api"
jurisdictions = ["EU", "US"]
[parameters]
min_human_share = 0.30
contract_follows_data = true
min_evidence = "documented"
"""


def write(folder: Path, text: str) -> Path:
    """Write a project file into a folder."""
    path = folder / FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_project_says_what_it_says(tmp_path):
    """Every accepted key arrives; a use that leaves a key out leaves it unknown."""
    project = load_project(write(tmp_path, EXAMPLE))
    assert project.policy == "commercial-model"
    assert (project.organisation.id, project.model.id) == ("us", "student-1")
    assert (project.use.purpose, project.use.commercial, project.use.release) == (
        Purpose.TRAIN,
        True,
        Release.API,
    )
    assert project.use.competing is None
    assert project.parameters == {
        "min_human_share": Decimal("0.30"),
        "contract_follows_data": True,
        "min_evidence": "documented",
    }
    assert str(project.parameters["min_human_share"]) == "0.30"


def test_an_empty_project_changes_nothing(tmp_path):
    """No key is required; what is absent stays with the policy."""
    project = load_project(write(tmp_path, ""))
    assert (project.policy, project.use, project.parameters) == (None, None, {})


def test_every_mistake_is_listed_with_its_line(tmp_path):
    """Unknown keys, wrong types and keys that have no effect yet are errors, not silence."""
    path = write(
        tmp_path,
        """\
policy = 5
[organisation]
nam = "x"
[use]
purpose = "trainn"
commercial = "no"
[parameters]
x = [1]
y = nan
[gate]
signoff = "audit"
""",
    )
    with pytest.raises(ProjectError) as caught:
        load_project(path)
    assert [str(p) for p in caught.value.problems] == snapshot(
        [
            "audit-project.toml:1:10: 'policy' must be text in quotes",
            "audit-project.toml:2:2: [organisation] needs 'id'",
            "audit-project.toml:3:1: unknown key 'nam'; did you mean 'name'?",
            "audit-project.toml:5:11: 'trainn' is not a possible value of 'purpose'; did you mean 'train'?",
            "audit-project.toml:6:14: 'commercial' must be true or false",
            "audit-project.toml:8:5: a parameter must be a number, text, true or false",
            "audit-project.toml:9:5: a parameter must be a finite number",
            "audit-project.toml:10:2: unknown key 'gate'",
        ]
    )


def test_the_nearest_file_above_is_found(tmp_path):
    """The working folder's own file wins over one further up."""
    outer = write(tmp_path, "")
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find_project(deep) == outer.resolve()
    inner = write(tmp_path / "a", "")
    assert find_project(deep) == inner.resolve()


def test_a_project_file_inside_a_delivery_is_passed_over(tmp_path):
    """A vendor cannot choose our policy, even when we work inside the delivery."""
    ours = write(tmp_path, "")
    delivery = tmp_path / "delivery"
    write(delivery, 'policy = "anything-goes"')
    write(delivery / "sub", "")
    assert find_project(delivery / "sub", delivery=delivery) == ours.resolve()
    link = tmp_path / "link"
    link.symlink_to(delivery)
    assert find_project(link, delivery=link) == ours.resolve()
    ours.unlink()
    assert find_project(delivery, delivery=delivery) is None


def test_a_project_file_that_is_not_there_is_said_so(tmp_path):
    """A name given by hand is never ignored."""
    with pytest.raises(UsageError, match="there is no project file here"):
        load_project(tmp_path / FILE_NAME)


def test_the_json_schema_accepts_the_example():
    """Editors that know the schema agree with the loader."""
    import tomli

    schema = project_json_schema()
    Draft202012Validator.check_schema(schema)
    judge = Draft202012Validator(schema)
    assert list(judge.iter_errors(tomli.loads(EXAMPLE))) == []
    assert list(judge.iter_errors({"gate": {}}))
