"""What the tests with an object store share."""

import boto3
import pytest
from moto.server import ThreadedMotoServer


@pytest.fixture
def s3():
    """A client of a real S3 server with a bucket `films`, and Snakemake's environment for it."""
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
