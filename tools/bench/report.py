# SPDX-License-Identifier: Apache-2.0
"""The tables: medians, spread, and how each daemon stands to the best peer and to the floor."""
import statistics


def spread(values, digits):
    """"median [least-most]"; "-" where nothing was measured."""
    values = [v for v in values if v is not None]
    if not values:
        return "-"
    text = "%.*f" % (digits, statistics.median(values))
    if len(values) > 1:
        text += " [%.*f-%.*f]" % (digits, min(values), digits, max(values))
    return text


def median_of(runs, metric):
    values = [r["metrics"].get(metric) for r in runs]
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def ratio(own, other):
    return "-" if own is None or not other else "%.2f" % (own / other)


USAGE = (
    ("cpu s", "cpu_settled_s", 2), ("PSS idle MB", "pss_idle_mb", 1), ("PSS peak MB", "pss_peak_mb", 1),
    ("B/route", "bytes_a_route", 0), ("turn ms", "inside_ms", 1), ("of it cpu", "inside_cpu_ms", 1), ("silence s", "silence_s", 1),
)


def best_peer(results, peers, metric):
    """The least median of the daemons that we are compared with."""
    medians = [median_of(runs, metric) for name, runs in results.items() if name in peers]
    return min((m for m in medians if m is not None), default=None)


def table(scenario, results, failures, peers, floors):
    """Lines: a row a daemon; each clock with its ratio to the best peer's and to the floor's median."""
    floor = next((name for name in floors if results.get(name)), None)
    head = ["daemon"]
    for metric, (title, _) in scenario.metrics.items():
        head += [title] + ([] if metric in scenario.counts else ["/best peer"] + (["/" + floor] if floor else []))
    usage = [u for u in USAGE if any(r.get(u[1]) is not None for runs in results.values() for r in runs)]
    rows = [head + [title for title, _, _ in usage] + ["runs"]]
    for name, runs in results.items():
        row = [name]
        for metric, (_, digits) in scenario.metrics.items():
            own = median_of(runs, metric)
            row.append(spread([r["metrics"].get(metric) for r in runs], digits))
            if metric in scenario.counts:
                continue
            row.append(ratio(own, best_peer(results, peers, metric)))
            if floor:
                row.append(ratio(own, median_of(results[floor], metric)))
        row += [spread([r.get(key) for r in runs], digits) for _, key, digits in usage]
        row.append("%d ok%s" % (len(runs), ", %d failed" % failures[name] if failures[name] else ""))
        rows.append(row)
    return layout(rows)


def pairs(scenario, results):
    """Lines: one row's figures over another's, run by run, and the least over the least, which the machine blurs least."""
    lines = []
    for what, than in scenario.pairs:
        both = [(r, o) for r in results.get(what, ()) for o in results.get(than, ()) if r["run"] == o["run"]]
        for title, figure in [(t, lambda r, m=m: r["metrics"][m]) for m, (t, _) in scenario.metrics.items()] + [
                ("cpu", lambda r: r["cpu_settled_s"])]:
            values = [(figure(r), figure(o)) for r, o in both if figure(o)]
            if values:
                lines.append("%s / %s, %s: %s, least / least %.2f" % (
                    what, than, title, spread([r / o for r, o in values], 2),
                    min(r for r, _ in values) / min(o for _, o in values)))
    return lines


def layout(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows]
