"""`secrets list`: every secret, and no value."""

from mainstay.model import Secret
from mainstay.operations.secrets import list_secrets
from tests.operations.project import Project


def test_the_list_shows_every_declared_secret_and_no_value(project: Project) -> None:
    project.world.sealed.keep("TOKEN", Secret("hunter2"))
    project.world.sealed.keep("build.HTTP_PROXY", Secret("hunter2"))
    project.world.sealed.generate("db.owner.password", 43)
    found = {each.name: (each.version, each.origin, each.read_by) for each in list_secrets(project.context)}
    assert found == {"TOKEN": (1, "given", ("api",)), "SIGNING": (None, "generated", ("api",))}
    assert "hunter2" not in repr(list_secrets(project.context))
