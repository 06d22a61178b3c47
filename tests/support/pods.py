"""What Snakemake's plugin needs of a Kubernetes: jobs run here, each in an empty folder of its own.

The stand-in for the API server checks what the real one checks of the plugin's jobs, and starts
their containers' commands with no environment but the container's.
"""

import json
import subprocess
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: test
contexts: [{{name: test, context: {{cluster: test, user: test}}}}]
clusters: [{{name: test, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
users: [{{name: test, user: {{}}}}]
"""


class Cluster(ThreadingHTTPServer):
    """Runs the jobs that are posted; `jobs` keeps what was asked for.

    image: the environment that the image would bring. folder: for the pods' own folders.
    """

    def __init__(self, image: dict[str, str], folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Requests)
        self.image, self.folder = image, folder
        self.secrets: dict[str, dict[str, str]] = {}
        self.jobs: list[dict[str, Any]] = []
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start_job(self, job: dict[str, Any]) -> None:
        """Start a job's container, as the kubelet does."""
        self.jobs.append(job)
        name, container = job["metadata"]["name"], container_of(job)
        pod = self.folder / name
        pod.mkdir(parents=True)
        with pod.with_suffix(".log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                container["command"] + container["args"],
                cwd=pod,
                env=self.image
                | {"HOME": str(pod)}
                | {each["name"]: self.value(each) for each in container["env"]},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def value(self, variable: dict[str, Any]) -> str:
        """The value of a container's environment variable, which is in a secret."""
        reference = variable["valueFrom"]["secretKeyRef"]
        return b64decode(self.secrets[reference["name"]][reference["key"]]).decode()

    def status(self, name: str) -> dict[str, int]:
        """A job's status."""
        code = self.processes[name].poll()
        return {"active": 1} if code is None else {"failed" if code else "succeeded": 1}


def container_of(job: dict[str, Any]) -> dict[str, Any]:
    """The only container of a job's pod."""
    (container,) = job["spec"]["template"]["spec"]["containers"]
    return container


def refusal(job: dict[str, Any]) -> str | None:
    """Why the API server does not take a job: extended resources are limits, too."""
    resources = container_of(job)["resources"]
    requests, limits = resources["requests"], resources.get("limits", {})
    for name, amount in requests.items():
        if "/" in name and limits.get(name) != amount:
            return f"limit must be set for non overcommitable resource {name}"
    return None


class Requests(BaseHTTPRequestHandler):
    """The requests that the plugin makes."""

    server: Cluster

    def do_POST(self) -> None:
        item = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/secrets"):
            self.server.secrets[item["metadata"]["name"]] = item["data"]
        elif reason := refusal(item):
            self.answer({"kind": "Status", "message": reason}, 422)
            return
        else:
            self.server.start_job(item)
        self.answer(item)

    def do_GET(self) -> None:
        if self.path.endswith("/status"):
            name = self.path.split("/")[-2]
            self.answer({"metadata": {"name": name}, "status": self.server.status(name)})
        else:
            self.answer({"items": []})

    def do_DELETE(self) -> None:
        self.answer({"kind": "Status", "status": "Success"})

    def answer(self, value: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def running(image: dict[str, str], folder: Path) -> Iterator[Cluster]:
    """A cluster until the block ends; its kubeconfig is in `folder`."""
    with Cluster(image, folder / "pods") as cluster:
        (folder / "kubeconfig").write_text(KUBECONFIG.format(port=cluster.server_port))
        thread = threading.Thread(target=cluster.serve_forever)
        thread.start()
        try:
            yield cluster
        finally:
            cluster.shutdown()
            thread.join()
            for process in cluster.processes.values():
                process.kill()
                process.wait()
