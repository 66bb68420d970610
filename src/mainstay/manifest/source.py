"""The section `source` of a service: the files that a release copies."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from mainstay.manifest.base import Section, rule_error, text_is
from mainstay.model.artifact import Source


class SourceSection(Section):
    """The files that a release copies: a folder, or a tag or branch of a git repository. A string in place of the
    mapping sets `folder`.

    Files of a folder that `.gitignore` or `.mainstayignore` excludes are not copied. The files that only Mainstay reads
    are not copied either, so that changing them does not change the service: the manifest, its `mainstay.schema.json`
    and `.mainstayignore`. For a service that reads the manifest, write `!mainstay.yaml` in `.mainstayignore`.
    """

    folder: str = Field(default=".", examples=["backend"])
    """The folder to copy, relative to the manifest's folder."""

    git: str | None = Field(default=None, examples=["../backend"])
    """The folder of a git repository, relative to the manifest's folder. Needs `ref`."""

    ref: str | None = Field(default=None, examples=["v{version}"])
    """The tag or branch of the repository `git` to copy; `{version}` is replaced."""

    with_: dict[str, str] = Field(default={}, alias="with", examples=[{"lib": "../lib"}])
    """Folders that several services share, such as libraries. With `{lib: ../lib}`, a release copies the folder
    `../lib`, relative to the manifest's folder, to `lib` inside the copy."""

    _a_text_is_a_folder = text_is("folder")

    @model_validator(mode="after")
    def _is_one_tree(self) -> Self:
        if (self.git is None) != (self.ref is None):
            raise rule_error("half-a-source", "'git' and 'ref' go together", 'write {git: ., ref: "v{version}"}')
        if self.git is not None and self.folder != ".":
            raise rule_error("two-sources", "has both 'git' and 'folder'", "keep one of them")
        for place in self.with_:
            if place.startswith("/") or ".." in place.split("/") or place.strip("./") == "":
                raise rule_error("path-leaves", f"{place!r} is not a path inside the copy", "write lib, or package/lib")
        return self

    def to_source(self, base: Path, version: str, apart: tuple[str, ...]) -> Source:
        """Return the source for *version*. *base* is the manifest's folder; *apart*: patterns of files not to copy."""
        shared = ((place, str((base / folder).resolve())) for place, folder in self.with_.items())
        ref = (self.ref or "").replace("{version}", version)
        return Source(str(self.path(base)), ref, tuple(sorted(shared)), apart)

    def path(self, base: Path) -> Path:
        """Return the absolute path of the folder to copy, or of the git repository; *base* is the manifest's folder."""
        return (base / (self.git or self.folder)).resolve()
