"""Measures the service beside its references; `run` is the way in. Figures go to build/bench/results.json as they come, and
the report is written from that file."""

import argparse
import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.request

import programs
import report
from programs import Manager, ROOT, SCRATCH, actorless, alertmanager, beast, load, nginx, sqlite_alone

RESULTS = ROOT / "build/bench/results.json"
OPERATION = "########-operation-id-##############"
SERVICE = "#service"
BATCHES = ("--batch", 500, "-c", 64)
# What the openings are compared with is told its rows 512 at a time and never waits for one: so many must wait here.
OPENINGS = ("-c", 1024)
OPENINGS_IN_BATCHES = ("--batch", 50, "-c", 64)
ACCEPTED = b'{"status":"accepted","incident_id":"0197b1c2-0000-7000-8000-000000000001"}'


def soak_found(done):
    """What the report says of a soak: memory and p99 of each sixth of it, medians of its seconds."""
    line = done["timeline"]
    sixth = max(1, len(line) // 6)
    parts = [line[i * sixth:(i + 1) * sixth] for i in range(6)]
    middle = lambda part, key: statistics.median(second.get(key, 0) for second in part)
    return {"date": time.strftime("%Y-%m-%d"), "seconds": done["seconds"], "rate": done["units_per_second"], "units": done["units"],
            "resident_mb": [middle(part, "resident_bytes") / 1e6 for part in parts],
            "p99_ms": [middle(part, "p99_us") / 1e3 for part in parts]}


class Bench:
    def __init__(self, options):
        self.o = options
        kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        # A soak takes hours: the last one stays until there is another, and the report tells its day.
        self.results = kept if options.only else {name: kept[name] for name in ("soak",) if name in kept}
        self.results.setdefault("about", {}).update(report.machine())
        self.results["about"]["open"] = options.open

    # What is measured: each takes turns with its references, so that noise falls on all alike.

    def ingest(self):
        alert = self.body("alert.json", [{
            "labels": {"alertname": "ToolCallsTimeOut", "severity": "medium", "service": "load-service-" + SERVICE},
            "annotations": {"summary": "Tool calls time out", "id": OPERATION,
                            "description": "4 of the last 5 calls of search_orders had no answer within 10 s"}}])
        post = self.post_event()
        for _ in range(self.o.runs):
            with self.recording() as store:
                with Manager(store) as m:
                    self.note("ingest", load(m.url, "ingest", *self.span())["units_per_second"])
                os.sync()
                with beast(202, ACCEPTED, store=store) as b:
                    self.note("ingest_rows_beast", load(b.url, *post, *self.span())["units_per_second"])
            self.without_actors("ingest_actorless", "units_per_second", "ingest")
            with alertmanager() as a:
                self.note("alertmanager", load(a.url, "post", "--path", "/api/v2/alerts", "--body", alert,
                                               *self.span())["units_per_second"])
            with nginx() as n:
                self.note("nginx", load(n.url, *post, *self.span())["units_per_second"])
            with beast(202, ACCEPTED, durable=True) as b:
                self.note("durable_beast", load(b.url, *post, *self.span())["units_per_second"])

    def batch(self):
        for _ in range(self.o.runs):
            with Manager() as m:
                self.note("ingest_one", load(m.url, "ingest", *self.span())["items_per_second"])
            with self.recording() as store:
                with Manager(store) as m:
                    self.note("ingest_batch", load(m.url, "ingest", *BATCHES, *self.span())["items_per_second"])
                os.sync()
                self.note("batch_sqlite", sqlite_alone(store, 4096, self.warmup(), self.o.seconds, "store")["requests_per_second"])
            self.without_actors("batch_actorless", "items_per_second", "ingest", *BATCHES)

    def churn(self):
        # An opening is two entries of the log (the incident and its evaluation), its request, and a line of the list.
        rows = 4
        for _ in range(self.o.runs):
            with Manager() as m:
                done = load(m.url, "churn", *OPENINGS, *self.span())
                self.note("churn_rows", rows * done["items_per_second"])
            with self.recording() as store:
                with Manager(store) as m:
                    done = load(m.url, "churn", *OPENINGS_IN_BATCHES, *self.span())
                os.sync()
                self.note("churn_batch_rows", rows * done["items_per_second"])
                for name, what in (("sqlite_rows", "openings"), ("sqlite_store_rows", "store")):
                    self.note(name, sqlite_alone(store, 512, self.warmup(), self.o.seconds, what)["rows_per_second"])
                with beast(202, ACCEPTED, store=store) as b:
                    done = load(b.url, *self.post_event(), *OPENINGS, *self.span())
                    self.note("churn_rows_beast", rows * done["units_per_second"])
            self.without_actors("churn_actorless_rows", "items_per_second", "churn", *OPENINGS, each=rows)
            self.without_actors("churn_batch_actorless_rows", "items_per_second", "churn", *OPENINGS_IN_BATCHES, each=rows)

    def evaluate(self):
        for _ in range(self.o.runs):
            with Manager() as m:
                answer = self.evaluated_once(m)
                self.note("evaluate_dry", load(m.url, "evaluate", "--dry-run", *self.span())["units_per_second"])
                self.note("evaluate", load(m.url, "evaluate", *self.span())["units_per_second"])
            with beast(200, answer) as b:
                self.note("beast", load(b.url, "post", "--path", "/api/v1/agents/escalation/evaluate", "--body",
                                        SCRATCH / "evaluation.json", *self.span())["units_per_second"])

    def latency(self):
        for _ in range(self.o.runs):
            with self.recording() as store:
                with Manager(store) as m:
                    most = load(m.url, "ingest", *self.span())["units_per_second"]
                with Manager() as m:
                    load(m.url, "ingest", "-n", 2000)  # the services' incidents are open
                    half = load(m.url, "ingest", "-r", max(1, most / 2), *self.span())["latency_us"]
                os.sync()
                with beast(202, ACCEPTED, store=store) as b:
                    bare = load(b.url, *self.post_event(), "-r", max(1, most / 2), *self.span())["latency_us"]
            for of, found in (("", half), ("_rows_beast", bare)):
                self.note(f"half_p99{of}_ms", found["p99"] / 1e3)
                self.note(f"half_p99_9{of}_ms", found["p99_9"] / 1e3)
        curve = self.results["latency_by_load"] = []
        with Manager() as m:
            load(m.url, "ingest", "-n", 2000)
            for share in (0.1, 0.25, 0.5, 0.75, 0.9):
                done = load(m.url, "ingest", "-r", max(1, most * share), *self.span())
                curve.append({"rate": most * share, **{p: done["latency_us"][p] / 1e3 for p in ("p50", "p99", "p99_9")}})
        self.save()

    def approvals(self):
        requests = 4  # of an approval: it is asked for, two people vote, and its end is waited for
        for _ in range(self.o.runs):
            with Manager() as m:
                done = load(m.url, "approvals", "-r", self.o.approvals, "-c", 256, "--incidents", 10000, *self.span())
                self.note("resume_p99_ms", done["resume_us"]["p99"] / 1e3)
                self.note("approvals_per_second", done["units_per_second"])
            with beast(202, ACCEPTED, durable=True) as b:
                done = load(b.url, *self.post_event(), "-r", requests * self.o.approvals, *self.span())
                self.note("resume_p99_beast_ms", done["latency_us"]["p99"] / 1e3)

    def memory(self):
        for _ in range(self.o.runs):
            with Manager() as m:
                load(m.url, "ingest", "-n", 20000)  # what any start costs is there before
                done = load(m.url, "idle", "--gates", "--incidents", 20000, "-n", 100, "--pid", m.process.pid)
                self.note("live_bytes", done["figures"]["live_incident_bytes"])
            with Manager(PASSIVATE_AFTER_SECS="2") as m:
                load(m.url, "ingest", "-n", 20000)
                done = load(m.url, "idle", "--incidents", 50000, "--settle", 15, "-n", 1000, "--pid", m.process.pid)
                self.note("passivated_bytes", done["figures"]["passivated_incident_bytes"])
                self.note("wake_p99_ms", done["latency_us"]["p99"] / 1e3)

    def growth(self):
        """Start and throughput with few and with many open incidents: a store of each size, in turns."""
        few = min(10_000, self.o.open)
        stores = {size: SCRATCH / f"open-{size}" for size in sorted({few, min(10 * few, self.o.open), self.o.open})}
        for size, store in stores.items():
            shutil.rmtree(store, ignore_errors=True)
            with Manager(store) as m:
                load(m.url, "churn", "--batch", 100, "-c", 8, "-n", (size + 99) // 100, "--no-reconcile")
        os.sync()  # gigabytes that the filling left for the disk to write would be measured else
        rates = {size: [] for size in stores}
        for _ in range(self.o.runs):
            with Manager() as m:
                self.note("start_empty_s", m.ready_s)
            for size, store in stores.items():
                with Manager(store) as m:
                    if size == self.o.open:
                        self.note("start_full_s", m.ready_s)
                    rates[size].append(load(m.url, "ingest", *self.span())["units_per_second"])
        self.results["throughput_by_open"] = [{"open": size, "per_second": statistics.median(found), "runs": found}
                                              for size, found in rates.items()]
        self.save()
        for store in stores.values():
            shutil.rmtree(store, ignore_errors=True)

    def soak(self):
        if not self.o.soak:
            return
        with Manager() as m:
            self.results["soak"] = soak_found(
                load(m.url, "soak", "-r", self.o.soak_rate, "-d", self.o.soak, "--pid", m.process.pid))
            self.save()

    def micro(self):
        program = programs.BIN / "micro_bench"
        if not program.exists():
            return
        done = subprocess.run([str(program), "--benchmark_format=json", f"--benchmark_repetitions={self.o.runs}",
                               "--benchmark_min_time=0.2"], check=True, capture_output=True, text=True, cwd=ROOT)
        self.results["micro"] = [
            {"name": b["run_name"], "ns": b["cpu_time"]}
            for b in json.loads(done.stdout)["benchmarks"] if b.get("aggregate_name") == "median"]
        self.save()

    # Helpers.

    def without_actors(self, name, figure, *workload, each=1):
        """What the reference without actors takes of a workload. It reads nothing back: it answers what it has stored, and nothing else."""
        with actorless() as a:
            self.note(name, each * load(a.url, *workload, "--no-reconcile", *self.span())[figure])

    def warmup(self):
        return min(2, self.o.seconds)

    def span(self):
        return ("-d", self.o.seconds, "--warmup", self.warmup())

    def body(self, name, value):
        SCRATCH.mkdir(parents=True, exist_ok=True)
        path = SCRATCH / name
        path.write_text(json.dumps(value, separators=(",", ":")))
        return path

    @contextlib.contextmanager
    def recording(self):
        """A store that outlives the manager that writes it: references replay it when nothing else writes to the disk any more."""
        store = SCRATCH / "recording"
        shutil.rmtree(store, ignore_errors=True)
        try:
            yield store
        finally:
            shutil.rmtree(store, ignore_errors=True)

    def post_event(self):
        """What the client sends to a reference: the event that `ingest` and `churn` send."""
        event = self.body("event.json", {
            "source": "llm-im-load", "event_type": "tool_failure", "execution_id": OPERATION,
            "timestamp": "2026-11-22T01:00:00.000Z", "severity": "medium",
            "payload": {"title": "Tool calls time out", "service": "load-service-" + SERVICE,
                        "description": "4 of the last 5 calls of search_orders had no answer within 10 s",
                        "metrics": {"error_rate": 0.8, "timeout_s": 10}}})
        return "post", "--path", "/api/v1/events", "--body", event, "--status", 202

    def evaluated_once(self, manager):
        """The service's own answer to an evaluation: what the bare server answers with."""
        body = self.body("evaluation.json", {
            "incident_id": "0197b1c2-0000-7000-8000-0000000000aa", "fingerprint": "load-evaluation",
            "current_severity": "P2", "current_status": "IN_PROGRESS", "current_escalation_level": 1,
            "category": "performance", "signal_source": "llm-sentinel", "signal_timestamp": "2026-11-22T01:00:00.000Z",
            "title": "p99 latency of checkout-assistant is 14 times its baseline",
            "incident_created_at": "2026-11-22T00:48:00.000Z", "incident_updated_at": "2026-11-22T00:56:00.000Z",
            "execution_id": OPERATION, "dry_run": True,
            "signal_payload": {"type": "threshold_breach", "suggested_severity": "P1", "signal_confidence": 0.92,
                               "metrics": {"p99_latency_ms": 4200, "error_rate": 0.41}},
            "affected_resource": {"type": "service", "id": "checkout-assistant", "name": "Checkout assistant"},
            "sla": {"resolution_deadline": "2026-11-22T05:00:00.000Z", "acknowledgment_breached": False,
                    "resolution_breached": False}})
        sent = body.read_text().replace(OPERATION, "0197b1c2-0000-7000-8000-000000000001").encode()
        asked = urllib.request.Request(manager.url + "/api/v1/agents/escalation/evaluate", sent,
                                       {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked) as answer:
            return answer.read()

    def note(self, name, value):
        self.results.setdefault(name, []).append(value)
        print(f"   {name}: {value:,.1f}", flush=True)
        self.save()

    def save(self):
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps(self.results, indent=1))

    NAMES = {
        "ingest": ("ingest", "alertmanager", "nginx", "durable_beast", "ingest_rows_beast", "ingest_actorless"),
        "batch": ("ingest_one", "ingest_batch", "batch_sqlite", "batch_actorless"),
        "churn": ("churn_rows", "churn_batch_rows", "sqlite_rows", "sqlite_store_rows",
                  "churn_rows_beast", "churn_actorless_rows", "churn_batch_actorless_rows"),
        "evaluate": ("evaluate_dry", "evaluate", "beast"),
        "latency": ("half_p99_ms", "half_p99_9_ms", "half_p99_rows_beast_ms", "half_p99_9_rows_beast_ms"),
        "approvals": ("resume_p99_ms", "approvals_per_second", "resume_p99_beast_ms"),
        "memory": ("live_bytes", "passivated_bytes", "wake_p99_ms"), "growth": ("start_empty_s", "start_full_s"),
        "soak": (), "micro": ()}

    def run(self):
        for part, names in self.NAMES.items():
            if self.o.only and part not in self.o.only:
                continue
            for name in names:
                self.results.pop(name, None)
            print(f"== {part}", flush=True)
            # Figures that are kept may come from other spans.
            self.results["about"].setdefault("spans", {})[part] = f"{self.o.runs} runs of {self.o.seconds} s"
            began = time.monotonic()
            ticks = report.Ticks()
            try:
                getattr(self, part)()
            except (RuntimeError, subprocess.CalledProcessError, OSError, KeyError) as failed:
                # One that cannot be measured is said so in the report; the others still are.
                self.results.setdefault("failed", {})[part] = str(failed)[:500]
                print(f"   failed: {failed}", file=sys.stderr, flush=True)
            else:
                self.results.get("failed", {}).pop(part, None)
                self.results["about"].setdefault("stolen", {})[part] = ticks.shares()[1]
            print(f"   {time.monotonic() - began:.0f} s", flush=True)
            self.save()


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description="Measures the service beside its references and "
                                     "writes docs/performance.md.")
    parser.add_argument("--runs", type=int, default=5, help="of each measurement; medians are reported")
    parser.add_argument("--seconds", type=int, default=10, help="of each run")
    parser.add_argument("--open", type=int, default=1_000_000, help="open incidents that the store grows to")
    parser.add_argument("--approvals", type=int, default=1000, help="a second")
    parser.add_argument("--soak", type=int, default=0, help="seconds of a soak; 0: none")
    parser.add_argument("--soak-rate", type=int, default=500, help="units a second of the soak")
    parser.add_argument("--only", nargs="+", choices=list(Bench.NAMES), help="measure these again, keep the other figures")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the report from the last figures")
    options = parser.parse_args()
    # A benchmark that is told to stop ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if not options.report:
        Bench(options).run()
    report.write(json.loads(RESULTS.read_text()))


if __name__ == "__main__":
    main()
