"""Films from and to an S3 store: a real server on this machine."""

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.workflow.test_resume import FRAMES, made, make_project, write_film

pytest.importorskip("snakemake_storage_plugin_s3", reason="requirements-cluster.lock")


@pytest.fixture
def s3():
    """A client, and the environment in which Snakemake finds the server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url, key = f"http://{host}:{port}", "test"
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=key,
    )
    client.create_bucket(Bucket="films")
    settings = {"ENDPOINT_URL": url, "ACCESS_KEY": key, "SECRET_KEY": key}
    yield client, {f"SNAKEMAKE_STORAGE_S3_{name}": value for name, value in settings.items()}
    server.stop()


def test_a_film_comes_from_the_store_and_goes_there(s3, tmp_path):
    client, environment = s3
    project = make_project(tmp_path / "project")
    clip = project.folder / "clip.mkv"
    client.upload_file(str(clip), "films", "raw/clip.mkv")
    clip.unlink()
    project.config |= {
        "videos": {"clip": {"path": "s3://films/raw/clip.mkv"}},
        "renders": [{"style": "red"}],
        "publish": "s3://films/painted",
    }
    project.run(**environment)
    assert made(project, "clip.red") == list(range(FRAMES))
    film = client.get_object(Bucket="films", Key="painted/clip.red.mp4")["Body"].read()
    assert film == project.film("clip.red")
    before = project.painted()
    assert project.run(**environment).jobs == 0

    # another film by the same name is noticed, and only its new frames are painted
    write_film(clip, changed=(1,))
    client.upload_file(str(clip), "films", "raw/clip.mkv")
    project.run(**environment)
    assert made(project, "clip.red") == [1]
    assert before.items() <= project.painted().items()
    film = client.get_object(Bucket="films", Key="painted/clip.red.mp4")["Body"].read()
    assert film == project.film("clip.red")
