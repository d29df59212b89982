from datetime import UTC, datetime, timedelta

import pytest
from ansible.module_utils.towpath.image import (
    ImageRefused,
    as_result,
    git_sha,
    how_to_push,
    image_id,
    newest,
    some_tags,
)

URI = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/webapp"
DIGEST = "sha256:" + "0f3c" * 16
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
SHA = "4f2c9d1a0b3e4f2c9d1a0b3e4f2c9d1a0b3e4f2c"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def an_image(name, *tags, minutes=0, **fields):
    at = NOON + timedelta(minutes=minutes)
    return {"imageDigest": name, "imagePushedAt": at} | ({"imageTags": list(tags)} if tags else {}) | fields


@pytest.mark.parametrize(
    ("reference", "meant"),
    [
        pytest.param("4f2c9d1", {"imageTag": "4f2c9d1"}, id="a tag"),
        pytest.param("v1.2-rc_3", {"imageTag": "v1.2-rc_3"}, id="a tag with all signs"),
        pytest.param(DIGEST, {"imageDigest": DIGEST}, id="a digest"),
        pytest.param(f"{URI}:4f2c9d1", {"imageTag": "4f2c9d1"}, id="a URI with a tag"),
        pytest.param(f"{URI}@{DIGEST}", {"imageDigest": DIGEST}, id="a URI with a digest"),
        pytest.param(f"{URI}:4f2c9d1@{DIGEST}", {"imageDigest": DIGEST}, id="the digest decides, not the tag"),
        pytest.param("team/webapp:4f2c9d1", {"imageTag": "4f2c9d1"}, id="the repository's name with a tag"),
        pytest.param(f"team/webapp@{DIGEST}", {"imageDigest": DIGEST}, id="the repository's name with a digest"),
    ],
)
def test_a_reference_means_one_image(reference, meant):
    assert image_id(reference, "team/webapp", URI) == meant


def test_a_registrys_port_is_no_tag():
    assert image_id("localhost:5000/app:1", "app", "localhost:5000/app") == {"imageTag": "1"}
    with pytest.raises(ImageRefused, match="names no image"):
        image_id("localhost:5000/app", "app", "localhost:5000/app")


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        pytest.param("nginx:latest", "is in nginx, expected one in", id="another image"),
        pytest.param(f"{URI}-admin:1", "webapp-admin, expected one in", id="a repository with a longer name"),
        pytest.param(
            f"999999999999.dkr.ecr.us-east-1.amazonaws.com/team/webapp@{DIGEST}", "is in 999", id="an account"
        ),
        pytest.param(URI, "names no image, expected a tag", id="no tag"),
        pytest.param(f"{URI}:", "names no image", id="an empty tag"),
        pytest.param("sha256:0f3c", "is in sha256, expected", id="a short digest"),
        pytest.param(f"{URI}@sha256:0f3c", "names no image", id="a URI with a short digest"),
        pytest.param("my tag", "names no image", id="a space"),
        pytest.param("@", "names no image", id="nothing at all"),
    ],
)
def test_any_other_reference_is_refused(reference, said):
    with pytest.raises(ImageRefused, match=said):
        image_id(reference, "team/webapp", URI)


@pytest.mark.parametrize(
    ("images", "digest"),
    [
        pytest.param([an_image("old", "a"), an_image("new", "b", minutes=1)], "new", id="the last pushed"),
        pytest.param([an_image("new", "b", minutes=1), an_image("old", "a")], "new", id="in any order"),
        pytest.param([an_image("one", "a"), an_image("two", "b")], "two", id="of two in one second the later"),
        pytest.param([an_image("tagged", "a"), an_image("part", minutes=1)], "tagged", id="tagged before untagged"),
        pytest.param([an_image("one"), an_image("two", minutes=1)], "two", id="untagged when nothing has a tag"),
        pytest.param(
            [an_image("index", imageManifestMediaType=OCI_INDEX), an_image("part", minutes=1)],
            "index",
            id="an index before its parts",
        ),
        pytest.param(
            [an_image("app", "a"), an_image("signature", f"sha256-{'0f3c' * 16}.sig", minutes=1)],
            "app",
            id="no signature",
        ),
        pytest.param(
            [an_image("app", "a"), an_image("list", f"sha256-{'0f3c' * 16}", minutes=1)],
            "app",
            id="no list of referrers",
        ),
        pytest.param(
            [an_image("app", "a"), an_image("sbom", "s", minutes=1, subjectManifestDigest="app")],
            "app",
            id="no referrer",
        ),
        pytest.param(
            [
                an_image("app", "a", artifactMediaType="application/vnd.oci.image.config.v1+json"),
                an_image("chart", "c", minutes=1, artifactMediaType="application/vnd.cncf.helm.config.v1+json"),
            ],
            "app",
            id="no chart",
        ),
        pytest.param(
            [an_image("app", "a"), an_image("cold", "b", minutes=1, imageStatus="ARCHIVED")],
            "app",
            id="none in the archive",
        ),
    ],
)
def test_the_newest_image_is_the_last_that_was_pushed_to_be_run(images, digest):
    assert newest(images)["imageDigest"] == digest


def test_an_empty_repository_has_no_newest_image():
    assert newest([]) is None


@pytest.mark.parametrize(
    ("tags", "sha"),
    [
        pytest.param(["latest", "4f2c9d1"], "4f2c9d1", id="a short one"),
        pytest.param([SHA], SHA, id="a whole one"),
        pytest.param(["4f2c9d1-dirty"], "4f2c9d1-dirty", id="of a tree with changes"),
        pytest.param(["4f2c9d1-dirty.20260131"], "4f2c9d1-dirty.20260131", id="with a time"),
        pytest.param(["4f2c9d1", SHA], SHA, id="the longest"),
        pytest.param(["v1.2.3", "latest", "released-0f3c0f3c0f3c"], "", id="none"),
        pytest.param(["4f2c9d"], "", id="too short"),
        pytest.param([f"{SHA}0"], "", id="too long"),
        pytest.param([], "", id="no tags"),
    ],
)
def test_the_commit_is_read_from_the_tags(tags, sha):
    assert git_sha(tags) == sha


def test_an_image_is_told_by_digest():
    assert as_result(an_image(DIGEST, "latest", "4f2c9d1", imageSizeInBytes=7), URI) == {
        "digest": DIGEST,
        "uri": f"{URI}@{DIGEST}",
        "tags": ["4f2c9d1", "latest"],
        "pushed_at": "2026-01-31T12:00:00+00:00",
        "git_sha": "4f2c9d1",
        "size": 7,
    }


def test_an_image_without_tags_has_none():
    assert as_result(an_image(DIGEST), URI)["tags"] == []


def test_the_newest_tags_are_suggested_newest_first():
    images = [an_image(f"d{n}", f"tag-{n}", "4f2c9d1" if n == 6 else "x", minutes=n) for n in range(7)]
    assert some_tags(images) == "4f2c9d1, tag-5, tag-4, tag-3, tag-2"
    assert some_tags([an_image("untagged")]) == "none"


def test_the_lines_to_push_name_the_registry_and_the_repository():
    lines = how_to_push(URI)
    assert "docker login --username AWS --password-stdin 123456789012.dkr.ecr.us-east-1.amazonaws.com\n" in lines
    assert f"docker push {URI}:" in lines
