"""Sources: the files that a release copies."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from mainstay.manifest.base import Section, rule_error, text_is
from mainstay.model.artifact import Source


class SourceSection(Section):
    """What a release copies: a folder beside the manifest, or a repository's tag. A text is a folder.

    Not copied: what `.gitignore` and `.mainstayignore` leave out (of a folder), and what only Mainstay reads, so that
    a change there is no new content: the manifest, its `mainstay.schema.json`, and `.mainstayignore`. For a service
    that reads the manifest, write `!mainstay.yaml` in `.mainstayignore`.
    """

    folder: str = Field(default=".", examples=["backend"])
    """Relative to the manifest's folder."""

    git: str | None = Field(default=None, examples=["../backend"])
    """A repository's folder, relative to the manifest's."""

    ref: str | None = Field(default=None, examples=["v{version}"])
    """The tag or branch to take out of it; `{version}` is replaced."""

    with_: dict[str, str] = Field(default={}, alias="with", examples=[{"lib": "../lib"}])
    """Code that several services share: places inside the copy, and the folders (relative to the manifest's) that are
    copied there: `{lib: ../lib}`."""

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
        """Return the source; its folders are relative to *base*, and *apart* are patterns of files not to copy."""
        shared = ((place, str((base / folder).resolve())) for place, folder in self.with_.items())
        ref = (self.ref or "").replace("{version}", version)
        return Source(str(self.path(base)), ref, tuple(sorted(shared)), apart)

    def path(self, base: Path) -> Path:
        """Return its absolute folder, of files or of a repository."""
        return (base / (self.git or self.folder)).resolve()
