"""The programs that a benchmark starts, each on a free port of the loopback and ended by its own id."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "build/release/bin"
SCRATCH = ROOT / "build/bench/scratch"
REFERENCES = ROOT / "build/bench/references"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Program:
    """A child that answers on a port; a context manager that ends it."""

    def __init__(self, command, port, env=None, cwd=None):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        SCRATCH.mkdir(parents=True, exist_ok=True)
        self.log = open(SCRATCH / "programs.log", "ab")
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [str(part) for part in command], env={**os.environ, **(env or {})}, cwd=cwd, stdout=self.log, stderr=self.log)

    def wait_for_port(self, patience_s=60.0):
        while time.monotonic() - self.started < patience_s:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError(f"{self.process.args[0]} ended; see {SCRATCH / 'programs.log'}")
                time.sleep(0.002)
        raise RuntimeError(f"{self.process.args[0]} does not listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Manager(Program):
    """llm-incident-manager; its store outlives it when `data` is given."""

    def __init__(self, data=None, **settings):
        self.owns_data = data is None
        self.data = pathlib.Path(data) if data else SCRATCH / f"store-{time.monotonic_ns()}"
        port = free_port()
        env = {"PLATFORM_ENV": "dev", "HTTP_ADDRESS": "127.0.0.1", "HTTP_PORT": str(port), "METRICS_PORT": "off",
               "DATA_DIR": str(self.data), "LOG_LEVEL": "warn", "RUVECTOR_SERVICE_URL": "", **settings}
        super().__init__([BIN / "llm-incident-manager"], port, env)
        self.wait_for_ready()
        self.ready_s = time.monotonic() - self.started

    def wait_for_ready(self, patience_s=300.0):
        self.wait_for_port(patience_s)
        while time.monotonic() - self.started < patience_s:
            try:
                urllib.request.urlopen(self.url + "/health/ready", timeout=10).close()
                return
            except OSError:
                time.sleep(0.005)
        raise RuntimeError("the service does not become ready")

    def __exit__(self, *args):
        super().__exit__(*args)
        if self.owns_data:
            shutil.rmtree(self.data, ignore_errors=True)


def nginx():
    port = free_port()
    home = SCRATCH / "nginx"
    home.mkdir(parents=True, exist_ok=True)
    (home / "nginx.conf").write_text(f"""
daemon off; worker_processes auto; pid {home}/pid; error_log stderr error;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi; uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json; return 202 '{{"status":"accepted"}}'; }} }} }}
""")
    return Program([REFERENCES / "usr/sbin/nginx", "-p", home, "-c", home / "nginx.conf"], port).wait_for_port()


def alertmanager():
    port = free_port()
    home = SCRATCH / "alertmanager"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    (home / "config.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    return Program([REFERENCES / "usr/bin/prometheus-alertmanager", f"--config.file={home}/config.yml",
                    f"--storage.path={home}/data", f"--web.listen-address=127.0.0.1:{port}",
                    "--cluster.listen-address=", "--log.level=error"], port).wait_for_port()


def beast(status, answer, durable=False, store=None):
    """A bare server; a durable one answers when the body is a row of an SQLite table, or, with `store`, when the rows that a manager
    wrote there for such a request are."""
    port = free_port()
    (SCRATCH / "answer").write_bytes(answer)
    drop_reference_database()
    database = [SCRATCH / "reference.db"] if durable or store else []
    if store:
        database.append(store / "ruvector.db")
    return Program([BIN / "beast_reference", port, status, SCRATCH / "answer", *database], port).wait_for_port()


def actorless():
    """The service's HTTP front, decisions and store with no actor between them."""
    port = free_port()
    drop_reference_database()
    return Program([BIN / "actorless_reference", port, SCRATCH / "reference.db"], port, cwd=ROOT).wait_for_port()


def drop_reference_database():
    for name in SCRATCH.glob("reference.db*"):
        name.unlink()


def sqlite_alone(store, batch, warmup, seconds, what):
    """What SQLite alone takes of a store's rows, beside the store's own file: `rows_per_second`, `requests_per_second`."""
    drop_reference_database()
    done = subprocess.run([BIN / "sqlite_reference", store / "ruvector.db", SCRATCH / "reference.db", str(batch),
                           str(warmup), str(seconds), what], check=True, capture_output=True, text=True)
    drop_reference_database()
    return json.loads(done.stdout)


def load(url, workload, *options):
    """Runs llm-im-load; its figures. Whatever it finds missing or doubled ends the benchmark."""
    out = SCRATCH / "load.json"
    SCRATCH.mkdir(parents=True, exist_ok=True)
    command = [str(BIN / "llm-im-load"), workload, "--url", url, "--json", str(out), *[str(o) for o in options]]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return json.loads(out.read_text())
