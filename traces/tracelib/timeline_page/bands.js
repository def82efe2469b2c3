// SPDX-License-Identifier: GPL-2.0-or-later
// Level of detail: running totals, so that any stretch of time is summed up by two binary searches,
// however many intervals or records lie in it. A frame costs pixels, not events.

// First index in a[lo, hi) whose value is greater than t.
function above(a, t, lo, hi) {
	while (lo < hi) {
		const mid = (lo + hi) >>> 1;
		if (a[mid] <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

// The same, with a good guess from which to look upwards.
function aboveFrom(a, t, from, end) {
	let step = 1, lo = from;
	while (lo + step < end && a[lo + step] <= t) {
		lo += step;
		step *= 2;
	}
	return above(a, t, lo, Math.min(lo + step + 1, end));
}

// Intervals that do not overlap, in order, each with one of `kinds` values.
class Band {
	constructor(start, length, value, kinds) {
		const n = this.n = start.length;
		this.start = start;
		this.value = value;
		this.kinds = kinds;
		this.end = new Float64Array(n);
		this.sums = new Float64Array((n + 1) * kinds);
		for (let i = 0, at = 0; i < n; i++, at += kinds) {
			this.end[i] = start[i] + length[i];
			for (let k = 0; k < kinds; k++)
				this.sums[at + kinds + k] = this.sums[at + k];
			this.sums[at + kinds + value[i]] += length[i];
		}
	}

	// Last interval that starts at or before t, or -1.
	at(t) {
		return above(this.start, t, 0, this.n) - 1;
	}

	// Into out: time spent at each value before t; i is at(t).
	before(t, i, out) {
		const kinds = this.kinds;
		if (i < 0) {
			out.fill(0);
			return;
		}
		for (let k = 0, at = i * kinds; k < kinds; k++)
			out[k] = this.sums[at + k];
		out[this.value[i]] += Math.min(t, this.end[i]) - this.start[i];
	}

	// Time at each value in [t0, t1).
	within(t0, t1) {
		const a = new Float64Array(this.kinds), b = new Float64Array(this.kinds);
		this.before(t0, this.at(t0), a);
		this.before(t1, this.at(t1), b);
		return b.map((x, k) => x - a[k]);
	}

	// Calls paint(x, share of each value, number of intervals that start there) for each of the
	// `width` columns of [t0, t1) that is not empty.
	columns(t0, t1, width, paint) {
		const step = (t1 - t0) / width, kinds = this.kinds;
		let last = new Float64Array(kinds), next = new Float64Array(kinds);
		const share = new Float64Array(kinds);
		let i = this.at(t0);
		this.before(t0, i, last);
		for (let x = 0; x < width; x++) {
			const t = t0 + (x + 1) * step;
			const j = i + 1 < this.n && this.start[i + 1] <= t ?
				aboveFrom(this.start, t, i + 1, this.n) - 1 : i;
			this.before(t, j, next);
			let any = j > i;
			for (let k = 0; k < kinds; k++) {
				share[k] = (next[k] - last[k]) / step;
				any = any || share[k] > 0;
			}
			if (any)
				paint(x, share, j - i);
			i = j;
			[last, next] = [next, last];
		}
	}
}

// Moments, in order: times of records of one group in one lane.
class Points {
	constructor(group, records, time) {
		this.group = group;
		this.records = records;
		this.time = Float64Array.from(records, r => time[r]);
		this.n = records.length;
	}

	from(t) {
		return above(this.time, t - 1e-9, 0, this.n);
	}

	number(t0, t1) {
		return this.from(t1) - this.from(t0);
	}

	// Calls paint(x, number of points) for each column that has some.
	columns(t0, t1, width, paint) {
		const step = (t1 - t0) / width;
		let i = this.from(t0);
		for (let x = 0; x < width && i < this.n; x++) {
			const t = t0 + (x + 1) * step - 1e-9;
			if (this.time[i] > t)
				continue;
			const j = aboveFrom(this.time, t, i, this.n);
			paint(x, j - i);
			i = j;
		}
	}

	// The index of the point nearest to t, or -1.
	nearest(t) {
		const i = this.from(t);
		if (i > 0 && (i === this.n || t - this.time[i - 1] < this.time[i] - t))
			return i - 1;
		return i < this.n ? i : -1;
	}
}
