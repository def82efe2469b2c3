#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the hypervisor's scheduling takes, as a file for `schedsim --costs`.

usage: costs.py METRICS [--policy P] [--ns-per-instruction N] > costs.json

METRICS is the metrics.json of a run of experiments/sched-cost, which counts the instructions of a
decision and of a switch on Xenolith. They become times by N, the nanoseconds that an instruction
takes: 1 by default, as by the clock of that experiment. What it does not measure (interprocessor
interrupts, handlers, cold caches) stays out, and costs nothing in the simulation.
"""
import argparse
import json
import sys


def figures(path, policy):
    """{metric: instructions} of one CPU under the policy."""
    with open(path, encoding="utf-8") as file:
        metrics = json.load(file)["metrics"]
    return {m["metric"]: m["value"] for m in metrics
            if (m["hypervisor"], m["sched"], m["cpus"], m["unit"]) ==
            ("xenolith", policy, 1, "instructions")}


def main():
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("metrics", metavar="METRICS")
    parser.add_argument("--policy", default="credit2", help="default: %(default)s")
    parser.add_argument("--ns-per-instruction", type=float, default=1.0, metavar="N")
    args = parser.parse_args()
    if not 0 < args.ns_per_instruction <= 1000:
        parser.error("--ns-per-instruction must be above 0 and at most 1000")
    try:
        found = figures(args.metrics, args.policy)
        decision = found["sched.yield"] - found["exit.hypercall"]
        switch = found["sched.switch"] - found["sched.yield"]
    except (OSError, ValueError, TypeError, KeyError) as err:
        print(f"costs.py: {args.metrics}: no sched-cost figures of {args.policy} on one CPU "
              f"({type(err).__name__}: {err})", file=sys.stderr)
        return 1
    if decision < 0 or switch < 0:
        print(f"costs.py: {args.metrics}: a switch takes less than a decision, or a decision less "
              "than a hypercall", file=sys.stderr)
        return 1
    ns = lambda instructions: f"{round(instructions * args.ns_per_instruction)}ns"  # noqa: E731
    json.dump({"source": f"sched-cost, Xenolith, {args.policy}, 1 CPU; an instruction takes "
                         f"{args.ns_per_instruction:g} ns",
               "decision": ns(decision), "context_switch": ns(switch)}, sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
