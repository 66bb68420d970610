"""Resolve a manifest and a snapshot into a release, in which nothing is left to look up."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from msgspec import structs

from mainstay.errors import BadInput
from mainstay.manifest.service import ServiceSection
from mainstay.manifest.system import Manifest
from mainstay.model import DatastoreRelease, Release, SecretRef, ServiceRelease, SourceTree, placeholders
from mainstay.planning.facts import Snapshot, sources
from mainstay.planning.given import require_values
from mainstay.planning.staleness import digest
from mainstay.planning.variables import Values, fill, secret_version, values_of
from mainstay.system import file_tree
from mainstay.system.state_dir import LOCAL


def at_version(manifest: Manifest, version: str | None) -> Manifest:
    """Return *manifest* with *version*, if given. Raises BadInput when no source or image contains `{version}`."""
    if version is None or version == manifest.version:
        return manifest
    templates = [text for s in manifest.services.values() for text in (s.image, s.source.ref) if text]
    if not any("{version}" in text for text in templates):
        raise BadInput(
            f"no source or image of {manifest.system} contains {{version}}, so its version is {manifest.version}",
            remedy=f"write version: {version} into {manifest.file.name}, or leave VERSION out",
            code="version-fixed",
        )
    return replace(manifest, version=version)


def resolve(manifest: Manifest, now: Snapshot) -> Release:
    """Return the release that *manifest* declares; a service whose workload equals the live one keeps its revision.

    Raises BadInput when a required variable has no value, or, in every environment except `local`, when the version is
    already live with other content.
    """
    require_values(manifest, now)
    artifacts = _artifacts(manifest, now)
    number = now.next_number
    services = {name: _service(manifest, now, name, artifacts[name].key) for name in manifest.in_order()}
    datastores = {name: _datastore(manifest, now, name, artifacts) for name in sorted(manifest.datastores)}
    release = Release(
        number=number,
        system=manifest.system,
        environment=manifest.environment,
        version=manifest.version,
        services=services,
        datastores=datastores,
        artifacts={**_by_key(artifacts.values())},
        edge=manifest.edge.to_edge(
            manifest.folder,
            release_header=manifest.environment == LOCAL,
            pages=manifest.pages,
            secret=lambda name: SecretRef(name, secret_version(manifest, now, name)),
        ),
        brought=tuple(name for name, each in services.items() if each.revision == number),
    )
    release = structs.replace(release, fingerprint=fingerprint(release))
    _refuse_other_content_under_one_version(release, now.release)
    return release


def fingerprint(release: Release) -> str:
    """Return the digest of the content of *release*: without the numbers of the release and of its revisions.

    It covers the files of the migrations, but not the schema revision, which depends on the database too.
    """
    bare = structs.replace(
        release,
        number=0,
        brought=(),
        artifacts={},
        fingerprint="",
        services={name: structs.replace(each, revision=0, version="") for name, each in release.services.items()},
        datastores={name: structs.replace(each, revision=0, schema="") for name, each in release.datastores.items()},
    )
    return digest(bare)


def declares(release: Release, live: Release | None) -> bool:
    """Return whether *live* has the same content as *release*, resolved from the manifest; False if *live* is None."""
    # The stored fingerprint is not used, because an older Mainstay computed it from fewer fields.
    return live is not None and fingerprint(live) == release.fingerprint


def _artifacts(manifest: Manifest, now: Snapshot) -> dict[str, SourceTree]:
    """Return the artifact of each service, and of each datastore's migrations (`migrations:DATASTORE`)."""
    found = {}
    for name, source in sources(manifest).items():
        service = manifest.services.get(name)
        build = (
            tuple(tuple(fill(text, manifest, now) for text in command) for command in service.build) if service else ()
        )
        measured = now.target.sources[source]
        # Migrations are read, not executed, so they have no PATH.
        environment = values_of(manifest, now, name)[0] if service else {}
        path = str(environment.get("PATH", ""))
        found[name] = SourceTree(
            key=file_tree.key(measured.digest, build, path),
            digest=measured.digest,
            source=source,
            build=build,
            path=path,
            reads=_build_reads(environment) if build else (),
            python=now.target.python if build else "",
            user=service.user or now.environment.user if service else "",
            check=_programs_of(manifest, now, service) if service else (),
            files=measured.files,
            left_out=measured.left_out,
        )
    return found


def _programs_of(manifest: Manifest, now: Snapshot, service: ServiceSection) -> tuple[str, ...]:
    """Return the programs that *service* runs: the first word of its command, and uv if a placeholder names it."""
    defaults = [manifest.variables[name].default or "" for name in service.variables]
    uv = placeholders.uses("uv", [*service.command, *service.health.command, *defaults])
    return (fill(service.command[0], manifest, now), *([now.target.uv] if uv else []))


def _by_key(artifacts: Iterable[SourceTree]) -> dict[str, SourceTree]:
    """Return *artifacts* by key. Services with the same files and build share one artifact, with all their `check`s."""
    shared: dict[str, SourceTree] = {}
    for each in artifacts:
        known = shared.get(each.key, each)
        shared[each.key] = structs.replace(known, check=tuple(dict.fromkeys((*known.check, *each.check))))
    return shared


def _build_reads(environment: Values) -> tuple[str, ...]:
    # uv copies instead of hard-linking, because sealed content must not share its files with a cache that other builds
    # write. UV_PYTHON is not set, because `uv pip install` would then ignore the environment that `uv venv` created.
    return f"LANG={environment['LANG']}", "UV_LINK_MODE=copy"


def _service(manifest: Manifest, now: Snapshot, name: str, key: str) -> ServiceRelease:
    section = manifest.services[name]
    environment, files = values_of(manifest, now, name)
    workload = section.to_workload(
        name,
        artifact=key,
        environment=environment,
        files=files,
        user=now.environment.user,
        fill=partial(fill, manifest=manifest, now=now),
    )
    before = now.release.services.get(name) if now.release else None
    unchanged = before is not None and before.workload == workload
    return ServiceRelease(
        revision=before.revision if before and unchanged else now.next_number,
        workload=workload,
        replicas=section.replicas,
        version=before.version if before and unchanged else manifest.version,
        strategy=section.strategy.to_strategy(),
        needs=manifest.callees(name),
    )


def _datastore(manifest: Manifest, now: Snapshot, name: str, artifacts: dict[str, SourceTree]) -> DatastoreRelease:
    facts = now.datastores[name]
    before = now.release.datastores.get(name) if now.release else None
    unchanged = before is not None and before.workload == facts.workload
    migrations = artifacts.get(f"migrations:{name}")
    return DatastoreRelease(
        kind=facts.kind,
        revision=before.revision if before and unchanged else now.next_number,
        workload=facts.workload,
        version=facts.version,
        migrations=migrations.key if migrations else "",
        schema=facts.schema.pending[-1] if facts.schema.pending else facts.schema.revision,
    )


def _refuse_other_content_under_one_version(release: Release, before: Release | None) -> None:
    if release.environment == LOCAL or before is None or before.version != release.version:
        return
    for name in release.brought:
        if name not in before.services:
            continue
        old = before.artifacts.get(before.services[name].workload.artifact)
        new = release.artifacts.get(release.services[name].workload.artifact)
        if old and new and old.digest != new.digest:
            raise BadInput(
                f"{name} has changed since version {release.version}, which is live",
                remedy="raise `version` in the manifest",
                code="version-taken",
            )
