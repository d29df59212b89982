import pytest
from ansible.module_utils.towpath.entry_point import entry_point_of, refusal


@pytest.mark.parametrize(
    ("entry_point", "refused"),
    [
        pytest.param([], False, id="none"),
        pytest.param(["python3", "server.py"], True, id="python"),
        pytest.param(["/usr/local/bin/node", "dist/main.js"], True, id="node, by its path"),
        pytest.param(["java", "-jar", "app.jar"], True, id="java"),
        pytest.param(["tini", "--"], False, id="an init"),
        pytest.param(["docker-entrypoint.sh"], False, id="a script, which may hand it on"),
        pytest.param(["bundle", "exec"], False, id="bundler, which runs what follows"),
        pytest.param(["/bin/sh", "-c"], False, id="a shell"),
    ],
)
def test_an_entry_point_that_would_start_the_app_in_place_of_the_release_command_is_refused(entry_point, refused):
    config = {"config": {"Entrypoint": entry_point or None}}
    said = refusal(entry_point_of(config), "python3 migrate.py")
    assert bool(said) == refused
    assert not refused or ('write CMD ["' in said and "-e force=true" in said)


def test_without_a_release_command_any_entry_point_will_do():
    assert refusal(["python3", "server.py"], "") == ""
    assert entry_point_of({}) == ()
