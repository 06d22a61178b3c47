"""Films from and to an S3 store: a real server on this machine."""

import pytest

from tests.support.tiny import FRAMES, made, make_project, write_film

pytest.importorskip("snakemake_storage_plugin_s3", reason="requirements-cluster.lock")


def test_a_film_comes_from_the_store_and_goes_there(s3, tmp_path):
    client, environment = s3
    project = make_project(tmp_path / "project")
    clip = project.folder / "clip.mkv"
    client.upload_file(str(clip), "films", "raw/clip.mkv")
    clip.unlink()
    project.config |= {
        "videos": {"clip": {"path": "s3://films/raw/clip.mkv"}},
        "renders": [{"style": "red"}],
        "publish": "s3://films/painted/$(touch run1) `touch run2`; touch run3",
    }
    project.run(**environment)
    assert made(project, "clip.red") == list(range(FRAMES))
    (published,) = client.list_objects_v2(Bucket="films", Prefix="painted/")["Contents"]
    assert published["Key"].endswith("touch run3/clip.red.mp4")
    assert not list(project.folder.rglob("run?"))
    film = client.get_object(Bucket="films", Key=published["Key"])["Body"].read()
    assert film == project.film("clip.red")
    before = project.painted()
    assert project.run(**environment).jobs == 0

    # another film by the same name is noticed, and only its new frames are painted
    write_film(clip, changed=(1,))
    client.upload_file(str(clip), "films", "raw/clip.mkv")
    project.run(**environment)
    assert made(project, "clip.red") == [1]
    assert before.items() <= project.painted().items()
    film = client.get_object(Bucket="films", Key=published["Key"])["Body"].read()
    assert film == project.film("clip.red")


@pytest.mark.parametrize(
    ("entries", "error"),
    [
        ({}, "store: store is on this machine alone; give a path on a volume"),
        ({"store": "/data/store"}, "styles.blue.images[0]: blue.png is on this machine alone"),
        (
            {"store": "/data/store", "weights": "auto"},
            "weights: auto is downloaded to one machine's home; give the path of a file",
        ),
    ],
)
def test_beside_a_default_storage_all_machines_need_the_same(tmp_path, entries, error):
    project = make_project(tmp_path / "project")
    project.config |= entries
    storage = ("--default-storage-provider", "s3", "--default-storage-prefix", "s3://films/x")
    output = project.run(*storage, "--dry-run", fails=True).output
    assert f"ERROR: {error}" in output
