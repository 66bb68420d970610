"""What `up` does about what the manifest declares: deploy it, nothing, or keep what was chosen instead."""

import pytest
from msgspec.structs import replace

from mainstay.history.summary import History, LiveRelease, Origin, RunSummary
from mainstay.model import Release
from mainstay.operations.plan import rolled_back_in, undone_before
from mainstay.operations.up import not_again, verdict, why_kept
from mainstay.planning.deploy import deploy
from mainstay.planning.plan import Plan
from mainstay.planning.resolve import fingerprint
from tests.shop import release, snapshot

OLD = release(1)
NEW = release(2, kept=OLD)
DECLARES_OLD = replace(deploy(replace(OLD, number=3, brought=()), snapshot(OLD)), declared="old")
DECLARES_NEW = replace(deploy(NEW, snapshot(OLD)), declared="new")
DEPLOYED = Origin("deploy", None, "old")
ROLLED_BACK = Origin("rollback", 2, "new")
CHOSEN = Origin("deploy", 1, "new")


NEWER_MAINSTAY = replace(NEW, edge=None)
"""What a newer Mainstay resolves the same manifest to; it is deployed unless a release was chosen."""


@pytest.mark.parametrize(
    ("plan", "live", "origin", "found"),
    [
        pytest.param(DECLARES_OLD, None, None, "deploy", id="a first release"),
        pytest.param(DECLARES_OLD, OLD, DEPLOYED, "same", id="the live release is what the manifest declares"),
        pytest.param(DECLARES_NEW, OLD, DEPLOYED, "deploy", id="the manifest changed after the deploy"),
        pytest.param(DECLARES_NEW, OLD, ROLLED_BACK, "keep", id="the manifest is that from before the rollback"),
        pytest.param(replace(DECLARES_NEW, declared="edited"), OLD, ROLLED_BACK, "deploy", id="it changed since"),
        pytest.param(DECLARES_OLD, OLD, ROLLED_BACK, "same", id="it declares the release of the rollback"),
        pytest.param(DECLARES_NEW, OLD, Origin("rollback", 2, ""), "deploy", id="a rollback without a known manifest"),
        pytest.param(DECLARES_NEW, release(3, kept=OLD), CHOSEN, "keep", id="another version was deployed"),
        pytest.param(
            DECLARES_NEW,
            replace(NEWER_MAINSTAY, fingerprint=fingerprint(NEWER_MAINSTAY)),
            CHOSEN,
            "deploy",
            id="a newer Mainstay resolves the manifest otherwise",
        ),
    ],
)
def test_up_deploys_what_the_manifest_declares_unless_another_release_was_chosen(
    plan: Plan, live: Release | None, origin: Origin | None, found: str
) -> None:
    assert verdict(plan, live, origin, insist=False) == found
    assert verdict(plan, live, origin, insist=True) == ("deploy" if found == "keep" else found)


def test_the_note_on_a_kept_release_has_the_reason_and_the_command_to_deploy_anyway() -> None:
    note = why_kept(LiveRelease(1, "1.0.0", ""), ROLLED_BACK, DECLARES_NEW)
    ends = "the manifest has not changed since. To ship it anyway: mainstay up --deploy"
    assert note == f"release 1 (1.0.0) is live because release 2 was rolled back; {ends}"
    note = why_kept(LiveRelease(3, "1.2", ""), ROLLED_BACK, DECLARES_NEW)
    assert note.startswith("release 3 (1.2) is live because `rollback` chose it over release 2; ")
    note = why_kept(LiveRelease(2, "1.1", ""), Origin("deploy", 1, ""), DECLARES_NEW)
    reason = "version 1.1 was deployed while the manifest declared 2"
    assert note.startswith(f"release 2 (1.1) is live because {reason}; ")


UNDONE = RunSummary("r-0031", "deploy", "2", 2, "undone", "", 1.0, "ada", "safe", 2, "web@2 is worse\n  1 of 3 failed")


def test_up_keeps_the_live_release_when_the_last_deploy_of_the_same_content_was_rolled_back() -> None:
    assert verdict(DECLARES_NEW, OLD, DEPLOYED, undone=True, insist=False) == "keep"
    assert verdict(DECLARES_NEW, OLD, DEPLOYED, undone=True, insist=True) == "deploy"
    assert verdict(DECLARES_NEW, None, None, undone=True, insist=False) == "deploy"
    assert verdict(DECLARES_OLD, OLD, DEPLOYED, undone=True, insist=False) == "same"


def test_only_a_deploy_of_the_same_version_of_the_same_manifest_is_the_same_release() -> None:
    past = History(undone={(DECLARES_NEW.version, "new"): UNDONE})
    assert undone_before(DECLARES_NEW, past) == UNDONE
    assert undone_before(replace(DECLARES_NEW, declared="edited"), past) is None
    assert undone_before(replace(DECLARES_NEW, version="3"), past) is None


def test_the_note_on_a_release_that_was_rolled_back_has_its_run_and_the_first_line_of_the_reason() -> None:
    assert rolled_back_in(UNDONE) == "the same release was rolled back in r-0031: web@2 is worse …"
    assert not_again(UNDONE) == f"{rolled_back_in(UNDONE)}; `mainstay deploy` ships it again"
