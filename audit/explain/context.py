"""In which light something is explained: a run, a policy, a use, and where to look for them.

Each is looked up when it is first asked for, so that a licence can be explained without a store. Stands on
the store, the project file and the policies. Experimental.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from audit.documents import suggest
from audit.errors import UnknownNameError
from audit.explain.folder import RunFolder
from audit.policy import Policy, load_policy
from audit.project import Project, find_project, load_project
from audit.store import Store, resolve_home
from audit.terms import Use

USES = {
    "commercial": Use.model_validate({"purpose": "train", "commercial": True}),
    "research": Use.model_validate({"purpose": "train", "commercial": False}),
}
"""Uses that have a name; what they do not say is unknown."""


@dataclass(frozen=True)
class Context:
    """Where to look, and what was asked for."""

    cwd: Path = Path()
    """Where project file, ``policies/`` and store are looked for."""
    home: Path | None = None
    """The store's folder; else as ``resolve_home`` finds it."""
    run: str | None = None
    """A run's id, beginning or ``latest``; else the latest, where there is one."""
    policy: str | None = None
    """Name or file; else the run's policy, else the project's, else ``default_policy``."""
    use: str | None = None
    """One of ``USES``."""
    default_policy: str = "vendor-intake"

    def command(self, kind: str, name: str) -> str:
        """Return what to type to have something else of the same run explained.

        Names come from vendors, and people paste commands into shells: what a shell could take for more
        than a word is quoted.
        """
        words = ["audit", "explain", f"{kind}:{name}"]
        if self.run is not None and self.folder is not None:
            words += ["--run", self.folder.run_id]
        return shlex.join(words)

    @cached_property
    def named_use(self) -> Use | None:
        """The use that was asked for.

        Raises:
            UnknownNameError: no use has that name (exit 2).
        """
        if self.use is not None and self.use not in USES:
            raise UnknownNameError(
                f"there is no use '{self.use}'{suggest(self.use, list(USES))}",
                help=f"Uses: {', '.join(USES)}.",
            )
        return USES[self.use] if self.use is not None else None

    @cached_property
    def folder(self) -> RunFolder | None:
        """The run, or nothing where none is asked for and none is stored.

        Raises:
            UnknownNameError: a run is asked for that is not stored (exit 2).
            StoreError: the store cannot be read, or the run is damaged (exit 2).
        """
        home = self.home or resolve_home(None, self.cwd, find_project(self.cwd), None)
        if not Store.exists(home):
            if self.run is None:
                return None
            raise _no_run()
        with Store.open(home) as store:
            if self.run is None and not store.count():
                return None
            return RunFolder(store.run(self.run or "latest"))

    @property
    def required_folder(self) -> RunFolder:
        """The run, where nothing can be said without one.

        Raises:
            UnknownNameError: there is none (exit 2).
            StoreError: the store cannot be read, or the run is damaged (exit 2).
        """
        if self.folder is None:
            raise _no_run()
        return self.folder

    @cached_property
    def given_policy(self) -> Policy | None:
        """The policy that was asked for by name.

        Raises:
            UnknownNameError, PolicyError, ProjectError: it cannot be loaded (exit 2).
        """
        return None if self.policy is None else self.load(self.policy, ours=True)

    @cached_property
    def standing_policy(self) -> Policy:
        """The policy of the project, else the default one.

        Raises:
            UnknownNameError, PolicyError, ProjectError: it cannot be loaded (exit 2).
        """
        project = self._project
        if project is None or project.policy is None:
            return self.load(self.default_policy, ours=True)
        is_file = "/" in project.policy or project.policy.endswith(".toml")
        return self.load(str(project.path.parent / project.policy) if is_file else project.policy, ours=True)

    def load(self, name: str, *, ours: bool) -> Policy:
        """Load a policy from here; ``ours`` applies the project's parameters and use.

        Raises:
            UnknownNameError, PolicyError, ProjectError: it cannot be loaded (exit 2).
        """
        project = self._project
        directory = (project.path.parent if project else self.cwd) / "policies"
        if project is None or not ours:
            return load_policy(name, directory=directory)
        return load_policy(
            name,
            directory=directory,
            project_parameters=project.parameters,
            project_use=project.use,
            project_place=lambda key: project.document.place(("parameters", key)),
        )

    @cached_property
    def _project(self) -> Project | None:
        path = find_project(self.cwd)
        return load_project(path) if path is not None else None


def _no_run() -> UnknownNameError:
    return UnknownNameError(
        "no run is stored here yet", help="Audit a delivery first: audit run DELIVERY; --run names one."
    )
