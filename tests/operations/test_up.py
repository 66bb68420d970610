"""What `up` does about what the manifest declares: deploy it, nothing, or keep what was chosen instead."""

from msgspec.structs import replace

from mainstay.history.summary import LiveRelease, Origin
from mainstay.operations.up import verdict, why_kept
from mainstay.planning.deploy import deploy
from mainstay.planning.resolve import fingerprint
from tests.shop import release, snapshot

OLD = release(1)
NEW = release(2, kept=OLD)
DECLARES_OLD = replace(deploy(replace(OLD, number=3, brought=()), snapshot(OLD)), declared="old")
DECLARES_NEW = replace(deploy(NEW, snapshot(OLD)), declared="new")
DEPLOYED = Origin("deploy", None, "old")
ROLLED_BACK = Origin("rollback", 2, "new")


def test_a_first_release_is_deployed() -> None:
    assert verdict(DECLARES_OLD, None, None, insist=False) == "deploy"


def test_a_live_release_that_the_manifest_declares_needs_no_deploy() -> None:
    assert verdict(DECLARES_OLD, OLD, DEPLOYED, insist=False) == "same"
    assert verdict(DECLARES_OLD, OLD, DEPLOYED, insist=True) == "same"


def test_a_manifest_that_changed_after_the_live_release_was_chosen_is_deployed() -> None:
    assert verdict(DECLARES_NEW, OLD, DEPLOYED, insist=False) == "deploy"


def test_the_release_of_a_rollback_is_kept_until_the_manifest_changes() -> None:
    assert verdict(DECLARES_NEW, OLD, ROLLED_BACK, insist=False) == "keep"
    assert verdict(replace(DECLARES_NEW, declared="edited"), OLD, ROLLED_BACK, insist=False) == "deploy"


def test_deploy_flag_replaces_the_release_of_a_rollback() -> None:
    assert verdict(DECLARES_NEW, OLD, ROLLED_BACK, insist=True) == "deploy"


def test_a_manifest_that_declares_the_release_of_a_rollback_needs_no_deploy() -> None:
    assert verdict(DECLARES_OLD, OLD, ROLLED_BACK, insist=False) == "same"


def test_a_version_deployed_instead_of_the_declared_one_is_kept() -> None:
    chosen = Origin("deploy", 1, "new")
    assert verdict(DECLARES_NEW, release(3, kept=OLD), chosen, insist=False) == "keep"


def test_a_newer_resolution_of_the_same_manifest_is_deployed() -> None:
    """A newer Mainstay may resolve the manifest to other settings; they are deployed unless a release was chosen."""
    changed = replace(NEW, edge=None)
    changed = replace(changed, fingerprint=fingerprint(changed))
    assert verdict(DECLARES_NEW, changed, Origin("deploy", 1, "new"), insist=False) == "deploy"


def test_a_rollback_without_a_known_manifest_keeps_nothing() -> None:
    assert verdict(DECLARES_NEW, OLD, Origin("rollback", 2, ""), insist=False) == "deploy"


def test_the_note_on_a_kept_release_has_the_reason_and_the_command_to_deploy_anyway() -> None:
    assert why_kept(LiveRelease(1, "1.0.0", ""), ROLLED_BACK, DECLARES_NEW) == (
        "release 1 (1.0.0) is live because release 2 was rolled back; the manifest has not changed since. "
        "To ship it anyway: mainstay up --deploy"
    )
    assert why_kept(LiveRelease(3, "1.2", ""), ROLLED_BACK, DECLARES_NEW).startswith(
        "release 3 (1.2) is live because `rollback` chose it over release 2; "
    )
    assert why_kept(LiveRelease(2, "1.1", ""), Origin("deploy", 1, ""), DECLARES_NEW).startswith(
        "release 2 (1.1) is live because version 1.1 was deployed while the manifest declared 2; "
    )
