import pytest
from ansible.module_utils.towpath.database_url import DatabaseUrl, differing, parsed

URL = DatabaseUrl("webapp", "s3cret", "db.example", 5432, "webapp")


@pytest.mark.parametrize(
    "url",
    [
        URL,
        pytest.param(URL._replace(password="p@ss:w/rd?#%"), id="a password with every separator"),
        pytest.param(URL._replace(username="we b", name="a/b"), id="a user and a name with separators"),
    ],
)
def test_what_is_written_is_read_again(url):
    assert parsed(str(url)) == url


def test_tls_is_always_asked_for():
    assert str(URL) == "postgres://webapp:s3cret@db.example:5432/webapp?sslmode=require"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "changeme",
        "mysql://u:p@h/n",
        pytest.param("postgres://webapp@db/webapp", id="no password"),
        pytest.param("postgres://webapp:s3cret@/webapp", id="no address"),
        pytest.param("postgres://webapp:s3cret@db:many/webapp", id="a port that is none"),
    ],
)
def test_what_is_no_url_with_a_password_is_none(text):
    assert parsed(text) is None


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        pytest.param(URL, URL, {}, id="the same"),
        pytest.param(URL, URL._replace(address="new"), {"address": ("db.example", "new")}, id="address"),
        pytest.param(URL, URL._replace(port=6543), {"port": ("5432", "6543")}, id="port"),
        pytest.param(URL, URL._replace(password="other"), {"password": ("***", "*** (new)")}, id="password"),
    ],
)
def test_what_changes_is_named_and_a_password_never_shown(before, after, changes):
    assert differing(before, after) == changes


def test_of_a_new_url_everything_is_new_and_its_password_hidden():
    changes = differing(None, URL)
    assert sorted(changes) == sorted(DatabaseUrl._fields)
    assert "s3cret" not in repr(changes)
