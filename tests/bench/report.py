"""docs/performance.md and its plots, from the figures of build/bench/results.json."""

import os
import pathlib
import platform
import statistics
import tempfile
import time

from programs import ROOT

DOCS = ROOT / "docs"
ACTORLESS = "the service without its actors"
STORING = "whoever stores these rows first"
STORES_EACH = "a bare Beast server that stores each body, as many requests a second"
STORES_ROWS = "a bare Beast server that writes the service's rows, as many requests a second"
DECIDING = "whoever reads, decides and stores as the service does, whatever actors cost"
HOT_SPOTS = pathlib.Path(__file__).parent / "hot_spots.md"


def machine():
    """What the figures were measured on, and how quiet it was."""
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "busy_before": busy_share(), "sync_ms": sync_ms(), "date": time.strftime("%Y-%m-%d")}


class Ticks:
    """What the cores did with their time since this was made."""

    def __init__(self):
        self.before = self.now()

    @staticmethod
    def now():
        return [int(n) for n in open("/proc/stat").readline().split()[1:9]]

    def shares(self):
        """(idle or waiting for the disk, stolen: ready to run while the host ran something else)"""
        user, nice, system, idle, iowait, irq, softirq, steal = (
            after - before for after, before in zip(self.now(), self.before))
        every = max(1, user + nice + system + idle + iowait + irq + softirq + steal)
        return (idle + iowait) / every, steal / every


def busy_share():
    """How much of the machine others used in the second before the benchmark."""
    ticks = Ticks()
    time.sleep(1)
    return 1 - ticks.shares()[0]


def sync_ms():
    """The median of 200 synchronised writes of 4 KB on the disk that the stores are on."""
    folder = ROOT / "build/bench"
    folder.mkdir(parents=True, exist_ok=True)
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(200):
            os.write(file.fileno(), b"x" * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1e3)
    return round(statistics.median(took), 2)


def number(value):
    if value is None:
        return "—"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"


class Table:
    def __init__(self, results):
        self.r = results
        self.rows = []

    def median(self, name):
        values = self.r.get(name)
        return statistics.median(values) if values else None

    def most(self, name):
        return max(self.r.get(name) or [0])

    def spread(self, name):
        values = self.r.get(name) or []
        return f" ({number(min(values))}–{number(max(values))})" if len(values) > 1 else ""

    def ratio(self, what, ours, unit, reference_name, reference, least):
        a, b = self.median(ours), self.median(reference)
        wanted = f"{least} ×" if least else "—"
        if a is None or not b:
            self.rows.append((what, f"{number(a)} {unit}" if a else "not measured", reference_name, "", wanted, ""))
            return
        met = ("yes" if a / b >= least else "**no**") if least else ""
        self.rows.append((what, f"{number(a)} {unit}{self.spread(ours)}",
                          f"{reference_name}: {number(b)}{self.spread(reference)}", f"{a / b:.2f} ×", wanted, met))

    def bound(self, what, name, unit, most, scale=1.0, beside=None):
        """`beside`: (what it is, the name of its figure)."""
        value = self.median(name)
        if value is None:
            self.rows.append((what, "not measured", "", "", f"≤ {most} {unit}", ""))
            return
        reference = self.median(beside[1]) if beside else None
        self.rows.append((what, f"{number(value * scale)} {unit}{self.spread(name) if scale == 1 else ''}",
                          f"{beside[0]}: {number(reference * scale)}{self.spread(beside[1])}" if reference else "",
                          f"{value / reference:.2f} ×" if reference else "", f"≤ {number(most)} {unit}",
                          "yes" if value * scale <= most else "**no**"))

    def growth(self):
        curve = self.r.get("throughput_by_open") or []
        if len(curve) < 2:
            self.rows.append(("growth: ingest with many open incidents", "not measured", "", "", "> 0.85 ×", ""))
            return
        few, many = curve[0], curve[-1]
        ratio = many["per_second"] / few["per_second"]
        self.rows.append((f"growth: ingest with {many['open']:,} open incidents", f"{number(many['per_second'])} requests/s",
                          f"with {few['open']:,}: {number(few['per_second'])}", f"{ratio:.2f} ×", "> 0.85 ×",
                          "yes" if ratio > 0.85 else "**no**"))

    def limits(self):
        """Of what falls short: how far a service that stores before it answers can go on this machine, by what the references did."""
        durable, ingest_rows, alertmanager, nginx = (
            self.median(n) for n in ("durable_beast", "ingest_rows_beast", "alertmanager", "nginx"))
        one, batch_sqlite, batch_actorless = (self.median(n) for n in ("ingest_one", "batch_sqlite", "batch_actorless"))
        rows, churn_rows, churn_actorless = (self.median(n) for n in ("sqlite_rows", "churn_rows_beast", "churn_actorless_rows"))
        said = []
        if durable and ingest_rows and alertmanager and nginx and (
                wanted := self.missed("ingest", {"twice Alertmanager": 2 * alertmanager, "0.35 of nginx": 0.35 * nginx})):
            said.append("Of `ingest`, " + " and ".join(f"{name} would be {number(value)}" for name, value in wanted.items())
                        + f" requests a second. A bare Beast server that does nothing but insert the body as a row before it answers takes "
                        f"{number(durable)}; one that writes the rows that the service writes, {number(ingest_rows)}: it reads no JSON, decides "
                        f"nothing and remembers no incident. {self.beyond(wanted, 'ingest_rows_beast', STORING)}")
        if one and batch_sqlite and batch_actorless and (
                wanted := self.missed("ingest_batch", {"six times one a POST": 6 * one})):
            said.append(f"Of `ingest --batch 500`, six times one a POST would be {number(6 * one)} events a second. SQLite alone, which is sent "
                        f"nothing and decides nothing, writes the same events' rows at {number(batch_sqlite)}. The service without its actors "
                        f"takes {number(batch_actorless)}. {self.beyond(wanted, 'batch_actorless', DECIDING)}")
        if rows and churn_rows and churn_actorless and (
                wanted := self.missed("churn_rows", {"half of SQLite's bare rows": rows / 2})):
            said.append(f"Of `churn`, one a POST, half of SQLite's bare rows would be {number(rows / 2)} rows a second. The bare Beast server that writes the "
                        f"service's rows, with the keys that are the store's laws and the indexes that lists, deadlines and queries are read by, "
                        f"takes {number(churn_rows)}. The service without its actors takes {number(churn_actorless)}. "
                        f"{self.beyond(wanted, 'churn_actorless_rows', DECIDING)}")
        for what, ours, reference, does, most in (
                ("`ingest` at half its maximum", "half_p99_ms", "half_p99_rows_beast_ms", "writes the service's rows", 10),
                ("`approvals`", "resume_p99_ms", "resume_p99_beast_ms", "inserts each body as a row", 15)):
            bare = self.median(reference)
            if bare and (self.median(ours) or 0) > most:
                least = min(self.r[reference])
                said.append(f"Of {what}, a p99 of {most} ms is missed. A bare Beast server that only {does} before it answers has one of "
                            f"{number(bare)} ms at as many requests a second, {number(least)} at the least: "
                            + (f"{most} ms are out of reach for whoever stores so many a second here." if least > most else
                               "it misses them, too, in most of its runs." if bare > most else
                               f"{most} ms are not shown to be out of reach."))
        return "".join(f"{paragraph}\n\n" for paragraph in said)

    def missed(self, ours, wanted):
        """Which of the figures we fall short of."""
        return {name: value for name, value in wanted.items() if value > (self.median(ours) or 0)}

    def beyond(self, wanted, reference, who):
        """Which of the figures a reference that does less did not reach in any of its runs. `who`: what both do."""
        out = [name for name, value in wanted.items() if value > self.most(reference)]
        left = [name for name in wanted if name not in out]
        said = []
        if out:
            said.append(f"So {' and '.join(out)} {'is' if len(out) == 1 else 'are'} out of reach for {who}.")
        if left:
            sentence = f"{' and '.join(left)} {'is' if len(left) == 1 else 'are'} not shown to be out of reach."
            said.append(sentence[0].upper() + sentence[1:])
        return " ".join(said)

    def text(self):
        self.ratio("`ingest`, 64 connections, durable", "ingest", "requests/s", "Prometheus Alertmanager, in memory",
                   "alertmanager", 2)
        self.ratio("the same", "ingest", "requests/s", "nginx answering 202", "nginx", 0.35)
        self.ratio("the same", "ingest", "requests/s", "a bare Beast server that stores each body in SQLite first",
                   "durable_beast", None)
        self.ratio("the same", "ingest", "requests/s", "a bare Beast server that writes the service's rows", "ingest_rows_beast", None)
        self.ratio("the same", "ingest", "requests/s", ACTORLESS, "ingest_actorless", None)
        self.ratio("`ingest --batch 500`", "ingest_batch", "events/s", "the same, one a POST", "ingest_one", 6)
        self.ratio("the same", "ingest_batch", "events/s", "SQLite alone, the service's rows", "batch_sqlite", None)
        self.ratio("the same", "ingest_batch", "events/s", ACTORLESS, "batch_actorless", None)
        bare = "SQLite alone, the same rows without a key, 512 a commit"
        self.ratio("`churn --batch 50`, 64 connections", "churn_batch_rows", "rows/s", bare, "sqlite_rows", 0.5)
        self.ratio("the same", "churn_batch_rows", "rows/s", "SQLite alone, the service's rows", "sqlite_store_rows", None)
        self.ratio("the same", "churn_batch_rows", "rows/s", ACTORLESS, "churn_batch_actorless_rows", None)
        self.ratio("`churn`, one a POST, 1,024 connections", "churn_rows", "rows/s", bare, "sqlite_rows", 0.5)
        self.ratio("the same", "churn_rows", "rows/s", "a bare Beast server that writes the service's rows", "churn_rows_beast", None)
        self.ratio("the same", "churn_rows", "rows/s", ACTORLESS, "churn_actorless_rows", None)
        self.ratio("`evaluate --dry-run`", "evaluate_dry", "requests/s", "a bare Beast server, the same bytes", "beast", 0.4)
        self.bound("`ingest` at half its maximum, p99", "half_p99_ms", "ms", 10, beside=(STORES_ROWS, "half_p99_rows_beast_ms"))
        self.bound("the same, p99.9", "half_p99_9_ms", "ms", 40, beside=(STORES_ROWS, "half_p99_9_rows_beast_ms"))
        self.bound("`approvals` at 1,000 a second: deciding vote → resumed, p99", "resume_p99_ms", "ms", 15,
                   beside=(STORES_EACH, "resume_p99_beast_ms"))
        self.bound("memory of a live incident with an open gate", "live_bytes", "KB", 8, 1 / 1024)
        self.bound("memory of a passivated incident", "passivated_bytes", "KB", 1, 1 / 1024)
        self.bound("start on an empty store", "start_empty_s", "ms", 300, 1000)
        self.bound(f"start with {self.r['about']['open']:,} open incidents", "start_full_s", "s", 5)
        self.growth()
        head = "| what | measured | beside it | ratio | wanted | |\n|---|---|---|---|---|---|\n"
        return head + "".join("| " + " | ".join(row) + " |\n" for row in self.rows)


def plot(path, title, x_name, y_name, series):
    """A line plot as SVG; `series` is [(name, [(x, y)])]. Both axes start at 0."""
    width, height, left, bottom, top, right = 640, 320, 80, 50, 40, 120
    top_x = max(x for _, points in series for x, _ in points) or 1
    top_y = max(y for _, points in series for _, y in points) or 1
    at_x = lambda x: left + x / top_x * (width - left - right)
    at_y = lambda y: height - bottom - y / top_y * (height - bottom - top)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="white"/>',
           f'<text x="{left}" y="20" font-size="14">{title}</text>']
    for i in range(5):
        y, x = top_y * i / 4, top_x * i / 4
        out.append(f'<path d="M{left} {at_y(y):.1f}H{width - right}" stroke="#ddd"/>')
        out.append(f'<text x="{left - 6}" y="{at_y(y) + 4:.1f}" text-anchor="end">{number(y)}</text>')
        out.append(f'<text x="{at_x(x):.1f}" y="{height - bottom + 18}" text-anchor="middle">{number(x)}</text>')
    out.append(f'<text x="{(left + width - right) / 2}" y="{height - 10}" text-anchor="middle">{x_name}</text>')
    out.append(f'<text x="14" y="{height / 2}" text-anchor="middle" transform="rotate(-90 14 {height / 2})">{y_name}</text>')
    for (name, points), colour in zip(series, ("#0868ac", "#e6550d", "#31a354", "#756bb1")):
        places = [(at_x(x), at_y(y)) for x, y in points]
        out.append('<polyline fill="none" stroke-width="2" stroke="%s" points="%s"/>' % (
            colour, " ".join(f"{x:.1f},{y:.1f}" for x, y in places)))
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        out.append(f'<text x="{places[-1][0] + 8:.1f}" y="{places[-1][1] + 4:.1f}" fill="{colour}">{name}</text>')
    path.write_text("\n".join(out) + "\n</svg>\n")


def plots(results):
    text = ""
    curve = results.get("latency_by_load")
    if curve:
        plot(DOCS / "latency-by-load.svg", "Latency of ingest by load", "requests a second, open loop", "ms",
             [(name, [(c["rate"], c[key]) for c in curve])
              for key, name in (("p99_9", "p99.9"), ("p99", "p99"), ("p50", "p50"))])
        text += "![latency by load](latency-by-load.svg)\n\n"
    curve = results.get("throughput_by_open")
    if curve and len(curve) > 1:
        plot(DOCS / "throughput-by-open-incidents.svg", "Throughput of ingest by open incidents", "open incidents",
             "requests a second", [("ingest", [(c["open"], c["per_second"]) for c in curve])])
        text += "![throughput by open incidents](throughput-by-open-incidents.svg)\n\n"
    return text


def spans(of_parts):
    """`5 runs of 10 s`, and which parts were measured otherwise."""
    usual = statistics.mode(of_parts.values())
    others = [f"{part}: {span}" for part, span in of_parts.items() if span != usual]
    return usual + (f" ({'; '.join(others)})" if others else "")


def stolen(shares):
    """A sentence about what the host took of the cores' time while the parts were measured."""
    if not shares:
        return ""
    part, most = max(shares.items(), key=lambda item: item[1])
    said = (f"\nWhile it was measured, the machine's host kept {statistics.mean(shares.values()):.1%} of the cores' time, most under "
            f"`{part}`: {most:.1%}.")
    if most > 0.02:
        said += "\n**Whoever waits for a core that stands still waits for milliseconds: a p99 tells of the host then.**"
    return said


def write(results):
    DOCS.mkdir(exist_ok=True)
    about = results["about"]
    table = Table(results)
    text = f"""# Performance

Written by `tests/bench/run` on {about['date']}; do not edit. Medians of {spans(about['spans'])}, in brackets the least and the greatest. Each
reference was measured in turn with what stands beside it, by the same client (`llm-im-load`), on the same machine, which
runs the generator too: {about['cores']} cores ({about['cpu']}), {about['memory_gib']} GiB, Linux {about['kernel']}; a synchronised write of 4 KB takes {about['sync_ms']} ms; before the
first run {about['busy_before']:.0%} of it was in use.{' **The machine was not quiet: take the ratios, not the figures.**' if about['busy_before'] > 0.1 else ''}{stolen(about.get('stolen') or {})}

{table.text()}
{table.limits()}"""
    for part, why in (results.get("failed") or {}).items():
        text += f"`{part}` could not be measured: {why.strip().splitlines()[0]}\n\n"
    extra = [(name, table.median(key)) for name, key in (
        ("`evaluate`, persisted, requests/s", "evaluate"), ("`approvals` reached, a second", "approvals_per_second"),
        ("waking a passivated incident, p99 ms", "wake_p99_ms")) if table.median(key) is not None]
    if extra:
        text += "Beside these:\n\n" + "".join(f"- {name}: {number(value)}\n" for name, value in extra) + "\n"
    if results.get("soak"):
        soak = results["soak"]
        each = lambda values: ", ".join(f"{value:,.1f}" for value in values)
        text += (f"A soak of {soak['seconds']:,.0f} s on {soak['date']} at {number(soak['rate'])} units a second ({soak['units']:,} of them), in six parts: "
                 f"resident memory {each(soak['resident_mb'])} MB; p99 {each(soak['p99_ms'])} ms. Memory grows while caches fill "
                 "(16,384 states of the writer, pages, incidents of the last five minutes), and once more from the fiftieth minute on, when "
                 "each of the thousand incidents that stay open has been escalated and asks people. Nobody answers them here: their gates expire and "
                 "others open, and an incident's state holds the newest eight that have ended, 2.4 KB each.\n\n")
    text += plots(results)
    if results.get("micro"):
        text += "## Micro-benchmarks\n\n| | CPU ns |\n|---|---|\n"
        text += "".join(f"| `{m['name']}` | {number(m['ns'])} |\n" for m in results["micro"]) + "\n"
    if HOT_SPOTS.exists():
        text += HOT_SPOTS.read_text()
    text += """
## Measuring it yourself

```sh
tests/bench/run                         # all of it, an hour or so on a quiet machine
tests/bench/run --runs 1 --seconds 5 --open 50000    # a quick look
tests/bench/run --only ingest churn     # these again; the other figures stay
build/release/bin/llm-im-load ingest --help          # one workload against any running service
```
"""
    (DOCS / "performance.md").write_text(text)
    print(f"== written: {DOCS / 'performance.md'}")
