"""Loading: files become one policy, and a child may only tighten what it extends.

Reads a policy and everything it extends (``base`` always), merges parents first, then applies the file's own tables:
new rules, raised severities, tightened parameters. Whatever would loosen is an error that names both files and
lines. At last the project's parameters and use. The door of the policy engine. Stable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from audit.documents import Document, suggest, validate
from audit.errors import Place, PolicyError, Problem
from audit.findings import Severity, Verdict
from audit.language import Scalar
from audit.policy import packs
from audit.policy.packs import Source
from audit.policy.parameters import (
    Parameter,
    declaration_mistake,
    kind,
    shown,
    strictest,
    tightened,
    tightening_mistake,
)
from audit.policy.resolved import Example, Layer, Policy, Reference
from audit.policy.rules import STRICTNESS, Rule, build_rule, folded, unfit
from audit.policy.tables import Header, PolicyFile, RuleTable
from audit.terms.use import Use

BASE = "base"
MAX_CHAIN = 8
"""Longest chain of policies that extend each other."""
_PROJECT_FILE = "audit-project.toml"


def load_policy(
    name_or_path: str,
    *,
    directory: Path = Path("policies"),
    project_parameters: Mapping[str, Scalar] | None = None,
    project_use: Use | None = None,
    project_place: Callable[[str], Place] | None = None,
) -> Policy:
    """Load a policy by name or path, with everything it extends.

    Args:
        name_or_path: a bare name (packaged, else in ``directory``), or a path with a slash or ending in ``.toml``.
        directory: where policies of the working directory stand.
        project_parameters: values of the project file, which may only tighten.
        project_use: the project file's ``[use]``, which replaces the policy's whole table.
        project_place: where each of those parameters stands in the project file.

    Raises:
        UnknownNameError: no policy has that name.
        PolicyError: a file is not valid, loosens what it extends, or the project loosens the policy; every problem
            found in one file is listed.
    """
    loader = _Loader(directory)
    merged = loader.load(packs.find(name_or_path, directory=directory), ())
    parameters = _project(
        merged, project_parameters or {}, project_place or (lambda _: Place(_PROJECT_FILE, 1, 1))
    )
    header = merged.header
    return Policy(
        id=header.id,
        version=header.version,
        title=folded(header.title),
        owner=header.owner,
        effective=header.effective,
        description=folded(header.description),
        use=project_use or merged.use or Use(),
        parameters=parameters,
        rules=tuple(merged.rules.values()),
        references=tuple(merged.references.values()),
        examples=tuple(merged.examples),
        layers=tuple(merged.layers),
    )


def _project(
    merged: _Merged, given: Mapping[str, Scalar], place: Callable[[str], Place]
) -> dict[str, Parameter]:
    found, problems = dict(merged.parameters), []
    for name, value in given.items():
        if name not in found:
            listed = (
                f"Parameters of {merged.header.id}: {', '.join(found)}."
                if found
                else f"{merged.header.id} has none."
            )
            problems.append(
                Problem(place(name), f"unknown parameter '{name}'{suggest(name, list(found))}", listed)
            )
            continue
        mistake = tightening_mistake(found[name], value)
        if mistake is not None:
            problems.append(Problem(place(name), *mistake))
            continue
        found[name] = tightened(found[name], value, place(name))
        problems += [Problem(place(name), *wrong) for wrong in _unfitting(found, name, merged.rules)]
    if problems:
        raise PolicyError(problems)
    return found


def _unfitting(
    parameters: Mapping[str, Parameter], name: str, rules: Mapping[str, Rule]
) -> list[tuple[str, str]]:
    """Return what a tightened parameter no longer fits: ``words >= $least`` takes no 5.5, a share no 20."""
    values = {p.name: p.value for p in parameters.values()}
    said = [(rule, unfit(rule, values)) for rule in rules.values() if name in rule.parameters]
    return [
        (
            f"'{name}' cannot be {shown(values[name])}: {message}",
            f"{rule.place} is the rule '{rule.id}' that reads it.",
        )
        for rule, message in said
        if message
    ]


@dataclass
class _Merged:
    """A policy under construction: what its parents say, then what it says itself."""

    header: Header
    use: Use | None = None
    uses: dict[str, Use] = field(default_factory=dict)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    references: dict[str, Reference] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)


class _Loader:
    """Loads each file once, whatever the number of policies that extend it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.loaded: dict[str, _Merged] = {}

    def load(self, source: Source, chain: tuple[str, ...]) -> _Merged:
        if source.key not in self.loaded:
            self.loaded[source.key] = _File(source).merge(self, chain)
        return self.loaded[source.key]

    def parent(self, child: _File, index: int, pin: str, chain: tuple[str, ...]) -> _Merged:
        """Load the policy that ``extends`` names at ``index``; an index of -1 is the base that goes without saying."""
        name, _, major = pin.partition("@")
        place = child.document.place(("policy", "extends", index) if index >= 0 else ("policy",))
        if name in chain:
            circle = " -> ".join((*chain[chain.index(name) :], name))
            raise PolicyError(
                [Problem(place, f"policies extend each other in a circle: {circle}", "Take one out.")]
            )
        if len(chain) > MAX_CHAIN:
            raise PolicyError(
                [Problem(place, f"more than {MAX_CHAIN} policies extend each other", "Flatten the chain.")]
            )
        folders = tuple(dict.fromkeys(f for f in (child.source.folder, self.directory) if f is not None))
        source = packs.named(name, folders=folders)
        if source is None:
            known = sorted(
                {*packs.packaged(), *(p.stem for folder in folders for p in folder.glob("*.toml"))}
            )
            raise PolicyError(
                [
                    Problem(
                        place,
                        f"there is no policy '{name}'{suggest(name, known)}",
                        f"Policies here: {', '.join(known)}.",
                    )
                ]
            )
        merged = self.load(source, chain)
        if merged.header.id != name:
            raise PolicyError(
                [
                    Problem(
                        place,
                        f"{source.document.name} holds the policy '{merged.header.id}', not '{name}'",
                        "A policy's file has its id as name.",
                    )
                ]
            )
        if major and merged.header.version.partition(".")[0] != major:
            message = f"'{name}' is version {merged.header.version} here, but {pin} is asked for"
            raise PolicyError([Problem(place, message, "Read what changed, then raise the number.")])
        return merged


class _File:
    """One policy file and its meaning."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.document: Document = source.document
        self.problems: list[Problem] = []
        self.tables = validate(PolicyFile, self.document, error=PolicyError)

    def complain(
        self, path: tuple[str | int, ...], message: str, advice: str = "", *, key: bool = False
    ) -> None:
        self.problems.append(self.document.problem(path, message, help=advice, key=key))

    def merge(self, loader: _Loader, chain: tuple[str, ...]) -> _Merged:
        header = self.tables.policy
        if (
            header.id in packs.packaged()
            and packs.packaged()[header.id].read_bytes() != self.document.text.encode()
        ):
            raise PolicyError([packs.masquerade(header.id, self.document.place(("policy", "id")))])
        merged = _Merged(header)
        for index, pin in self.parents():
            self.inherit(merged, loader.parent(self, index, pin, (*chain, header.id)), index)
        self.own_use(merged)
        self.own_parameters(merged)
        self.own_rules(merged)
        for at, reference in enumerate(self.tables.reference):
            place = self.document.place(("reference", at), key=True)
            self.add_reference(
                merged, Reference(reference.name, reference.kind, reference.sha256, place), ("reference", at)
            )
        self.own_examples(merged)
        if self.problems:
            raise PolicyError(
                sorted(dict.fromkeys(self.problems), key=lambda p: (p.place.line, p.place.column))
            )
        digest = hashlib.sha256(self.document.text.encode()).hexdigest()
        merged.layers.append(Layer(header.id, header.version, digest))
        return merged

    def parents(self) -> list[tuple[int, str]]:
        """Return what it extends, ``base`` first whether or not it is said."""
        said = list(enumerate(self.tables.policy.extends))
        names = [pin.partition("@")[0] for _, pin in said]
        for index, name in enumerate(names):
            if name in names[:index]:
                self.complain(("policy", "extends", index), f"'{name}' is extended twice", "Delete one.")
        if self.tables.policy.id == BASE:
            return said
        return (
            sorted(said, key=lambda entry: not entry[1].startswith(f"{BASE}@"))
            if BASE in names
            else [(-1, BASE), *said]
        )

    # --- what parents say

    def inherit(self, merged: _Merged, parent: _Merged, index: int) -> None:
        path: tuple[str | int, ...] = ("policy", "extends", index)
        known = {layer.id for layer in merged.layers}
        merged.layers += [layer for layer in parent.layers if layer.id not in known]
        if parent.use is not None:
            merged.uses[parent.header.id] = parent.use
        for parameter in parent.parameters.values():
            other = merged.parameters.get(parameter.name, parameter)
            if (other.tighten, kind(other.value)) != (parameter.tighten, kind(parameter.value)):
                message = f"two policies declare the parameter '{parameter.name}' differently"
                self.complain(path, f"{message}: {other.defined} and {parameter.defined}")
                continue
            merged.parameters[parameter.name] = strictest(other, parameter)
        for rule in parent.rules.values():
            other_rule = merged.rules.get(rule.id, rule)
            if other_rule.asks != rule.asks:
                self.complain(
                    path,
                    f"two policies define the rule '{rule.id}' differently: {other_rule.place} and {rule.place}",
                )
            severity = max(other_rule.severity, rule.severity, key=STRICTNESS.index)
            merged.rules[rule.id] = replace(other_rule, severity=severity)
        for reference in parent.references.values():
            self.add_reference(merged, reference, path)
        seen = {example.place for example in merged.examples}
        merged.examples += [example for example in parent.examples if example.place not in seen]

    def add_reference(self, merged: _Merged, reference: Reference, path: tuple[str | int, ...]) -> None:
        other = merged.references.setdefault(reference.name, reference)
        if (other.kind, other.sha256) != (reference.kind, reference.sha256):
            advice = "A pinned index is replaced under a new name."
            self.complain(
                path,
                f"the reference '{reference.name}' is already pinned at {other.place} to another index",
                advice,
            )

    # --- what the file says itself

    def own_use(self, merged: _Merged) -> None:
        merged.use = self.tables.use
        if merged.use is None and merged.uses:
            merged.use = next(iter(merged.uses.values()))
            if any(use != merged.use for use in merged.uses.values()):
                names = ", ".join(merged.uses)
                self.complain(
                    ("policy", "extends"), f"{names} state different uses", "State [use] in this file."
                )

    def own_parameters(self, merged: _Merged) -> None:
        for name, table in self.tables.parameters.items():
            path = ("parameters", name)
            place, old = self.document.place(path, key=True), merged.parameters.get(name)
            if old is None:
                mistake = declaration_mistake(name, table.value, table.tighten)
                merged.parameters[name] = Parameter(name, table.value, table.tighten or "up", place, place)
            elif table.tighten not in (None, old.tighten):
                mistake = (
                    f"'{name}' is tightened {old.tighten}, as {old.defined} says",
                    "Leave `tighten` out.",
                )
            else:
                mistake = tightening_mistake(old, table.value)
                merged.parameters[name] = old if mistake else tightened(old, table.value, place)
                for wrong in _unfitting(merged.parameters, name, merged.rules):
                    self.complain((*path, "value"), *wrong)
            if mistake is not None:
                self.complain((*path, "value"), *mistake)

    def own_rules(self, merged: _Merged) -> None:
        inherited, values = dict(merged.rules), {name: p.value for name, p in merged.parameters.items()}
        own: dict[str, int] = {}
        for index, table in enumerate(self.tables.rule):
            if table.id in own:
                first = self.document.place(("rule", own[table.id], "id"))
                self.complain(
                    ("rule", index, "id"),
                    f"the rule '{table.id}' is already defined at {first}",
                    "Give one of them another id.",
                )
                continue
            own[table.id] = index
            if table.id in inherited:
                merged.rules[table.id] = self.raised(inherited[table.id], table, index)
                continue
            try:
                merged.rules[table.id] = build_rule(
                    table, index, self.document, values, self.tables.policy.id
                )
            except PolicyError as cause:
                self.problems += cause.problems

    def raised(self, rule: Rule, table: RuleTable, index: int) -> Rule:
        """Raise the severity of an inherited rule; nothing else of it can be changed."""
        extra = sorted(table.model_fields_set - {"id", "severity"})
        if extra:
            message = f"the rule '{rule.id}' is defined at {rule.place}, and only its severity can be raised"
            self.complain(
                ("rule", index, extra[0]),
                message,
                f"Delete {', '.join(extra)}, or give the rule another id.",
                key=True,
            )
        severity = Severity(table.severity)
        if STRICTNESS.index(severity) < STRICTNESS.index(rule.severity):
            message = f"the severity of '{rule.id}' can only be raised: {rule.place} says {rule.severity}"
            self.complain(
                ("rule", index, "severity"), message, f"Write {rule.severity} or leave the rule out."
            )
            return rule
        return replace(rule, severity=severity)

    def own_examples(self, merged: _Merged) -> None:
        for index, table in enumerate(self.tables.test):
            path = ("test", index)
            places = {key: self.document.place((*path, "given", key)) for key in table.given}
            places |= {
                f"${name}": self.document.place((*path, "parameters", name)) for name in table.parameters
            }
            merged.examples.append(
                Example(
                    rule=table.rule,
                    given=table.given,
                    expect=Verdict(table.expect),
                    tightened=table.parameters,
                    parameters=dict(merged.parameters),
                    place=self.document.place(path, key=True),
                    places={**places, "rule": self.document.place((*path, "rule"))},
                )
            )
