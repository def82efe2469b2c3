# SPDX-License-Identifier: GPL-2.0-or-later
"""Says how far a run is and how long the rest will take."""
import time


def duration(seconds):
    """Seconds for people."""
    seconds = int(seconds + 0.5)
    if seconds < 100:
        return f"{seconds} s"
    return f"{seconds // 60} min {seconds % 60:02} s"


class Progress:
    """Counts cells. The time left is guessed from the pace so far, once there is one."""

    def __init__(self, total, done=0, out=print, clock=time.monotonic):
        self.total, self.done, self.before = total, done, done
        self.out, self.clock, self.start = out, clock, clock()

    def left(self):
        """Seconds that the rest will take, or None before the first cell is done."""
        made = self.done - self.before
        if not made:
            return None
        return (self.clock() - self.start) / made * (self.total - self.done)

    def cell(self, outcome, label):
        """A cell is finished."""
        self.done += 1
        left = self.left()
        tail = f", {duration(left)} left" if left and self.done < self.total else ""
        why = "" if outcome["status"] == "ok" else f": {outcome['status'].upper()}: {outcome['why']}"
        self.out(f"[{self.done}/{self.total}{tail}] {label}: {outcome['seconds']:.0f} s{why}")
        for line in outcome["last_lines"] + outcome.get("last_records", []):
            self.out("    | " + line)
