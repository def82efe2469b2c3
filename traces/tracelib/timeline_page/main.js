// SPDX-License-Identifier: GPL-2.0-or-later
// The state of the page: what part of the trace is in view, and what is selected.

const LEAST_SPAN = 20;          // cycles
const REACH = 7;                // pixels from which a mark can be hit

class App {
	constructor(trace) {
		this.trace = trace;
		this.layout = new Layout(trace);
		this.view = { t0: 0, t1: trace.span, scroll: 0 };
		this.state = { pointer: null, pick: null, range: null };
		this.stage = document.getElementById("stage");
		this.painter = new Painter(trace, this.layout, document.getElementById("base"),
			document.getElementById("over"));
		this.panel = new Panel(this);
		this.fillFind();
		this.panel.legend();
		this.input = new Input(this, this.stage);
		this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
		new ResizeObserver(() => this.resize()).observe(this.stage);
		this.resize();
	}

	plotWidth() {
		return Math.max(this.painter.width - GUTTER, 1);
	}

	timeAt(x) {
		return this.painter.time(x, this.view);
	}

	// ---- drawing when something changed

	resize() {
		const box = this.stage.getBoundingClientRect();
		if (!box.width || !box.height)
			return;
		this.painter.resize(box.width, box.height);
		this.layout.place(box.height - TOP);
		this.clamp();
		this.drawNow();
	}

	changed() {
		if (!this.pending) {
			this.pending = true;
			requestAnimationFrame(() => {
				this.pending = false;
				this.drawNow();
			});
		}
	}

	drawNow() {
		this.painter.draw(this.view);
		this.painter.drawOver(this.view, this.state);
		clearTimeout(this.statistics);
		this.statistics = setTimeout(() => this.showStatistics(), 120);
	}

	showStatistics() {
		this.statistics = 0;
		const [a, b] = this.state.range || [this.view.t0, this.view.t1];
		if (a !== b)
			this.panel.inView(Math.min(a, b), Math.max(a, b));
	}

	drawOver() {
		if (!this.pendingOver) {
			this.pendingOver = true;
			requestAnimationFrame(() => {
				this.pendingOver = false;
				this.painter.drawOver(this.view, this.state);
			});
		}
	}

	// ---- the part in view

	clamp() {
		const v = this.view, span = this.trace.span;
		const length = Math.min(Math.max(v.t1 - v.t0, LEAST_SPAN), span);
		v.t0 = Math.min(Math.max(v.t0, 0), span - length);
		v.t1 = v.t0 + length;
		const room = Math.max(this.layout.height - (this.painter.height - TOP), 0);
		v.scroll = Math.min(Math.max(v.scroll, 0), room);
	}

	set(t0, t1, smooth) {
		cancelAnimationFrame(this.flight);
		this.flight = 0;
		if (!smooth || this.calm) {
			Object.assign(this.view, { t0, t1 });
			this.clamp();
			this.changed();
			return;
		}
		const from = { ...this.view }, start = performance.now();
		const fly = now => {
			const k = Math.min((now - start) / 140, 1), ease = 1 - (1 - k) ** 3;
			this.view.t0 = from.t0 + (t0 - from.t0) * ease;
			this.view.t1 = from.t1 + (t1 - from.t1) * ease;
			this.clamp();
			this.drawNow();
			this.flight = k < 1 ? requestAnimationFrame(fly) : 0;
		};
		this.flight = requestAnimationFrame(fly);
	}

	// Resolves when what was asked for so far is drawn and summed up.
	async settled() {
		do
			await new Promise(done => requestAnimationFrame(done));
		while (this.flight || this.pending || this.pendingOver || this.statistics);
	}

	// By a factor, around a pixel (default: the pointer, or the middle).
	zoom(factor, x, direct) {
		const v = this.view, pointer = this.state.pointer;
		const at = this.timeAt(x ?? (pointer && pointer.x > GUTTER ? pointer.x :
			GUTTER + this.plotWidth() / 2));
		const length = Math.min(Math.max((v.t1 - v.t0) * factor, LEAST_SPAN), this.trace.span);
		const t0 = at - (at - v.t0) / (v.t1 - v.t0) * length;
		this.set(t0, t0 + length, !direct);
	}

	pan(share, smooth) {
		const v = this.view, length = v.t1 - v.t0;
		const t0 = Math.min(Math.max(v.t0 + share * length, 0), this.trace.span - length);
		this.set(t0, t0 + length, smooth);
	}

	scroll(pixels) {
		this.view.scroll += pixels;
		this.clamp();
		this.changed();
	}

	centre(time) {
		const half = (this.view.t1 - this.view.t0) / 2;
		this.set(time - half, time + half);
	}

	fit() {
		this.set(0, this.trace.span, true);
	}

	zoomTo(hit) {
		if (hit) {
			const length = Math.max((hit.end - hit.start) * 1.4, LEAST_SPAN * 10);
			const middle = (hit.start + hit.end) / 2;
			this.set(middle - length / 2, middle + length / 2, true);
		}
	}

	zoomToRange() {
		const range = this.state.range;
		if (range && range[0] !== range[1]) {
			this.set(Math.min(...range), Math.max(...range), true);
			this.setRange(null);
		}
	}

	// ---- what is at a point

	hit(p) {
		if (!p || p.x < GUTTER || p.y < TOP)
			return null;
		const row = this.layout.rowAt(p.y - TOP + this.view.scroll), t = this.timeAt(p.x);
		if (!row)
			return null;
		return row.type === "marks" ? this.hitMark(row, t, p.x) : this.hitInterval(row, t, p.x);
	}

	hitMark(row, t, x) {
		let best = null, distance = REACH;
		for (const points of row.points) {
			if (this.layout.hidden.has(points.group))
				continue;
			const i = points.nearest(t);
			const d = i < 0 ? Infinity : Math.abs(this.painter.x(points.time[i], this.view) - x);
			if (d < distance) {
				distance = d;
				best = { row, record: points.records[i], start: points.time[i],
					end: points.time[i] };
			}
		}
		return best;
	}

	hitInterval(row, t, x) {
		const gap = (row.gaps || []).find(g => t >= g.start && t <= g.end);
		if (gap)
			return { row: { ...row, type: "marks" }, record: gap.record, ...gap };
		const i = row.band.at(t);
		for (const k of [i, i + 1]) {
			if (k < 0 || k >= row.band.n)
				continue;
			const x0 = this.painter.x(row.band.start[k], this.view);
			const x1 = this.painter.x(row.band.end[k], this.view);
			if (x >= x0 - 1 && x <= Math.max(x1, x0 + 2) + 1)
				return { row, i: k, start: row.band.start[k], end: row.band.end[k],
					record: row.type === "exit" ? row.index[k] : undefined };
		}
		return null;
	}

	point(p, dragging) {
		this.state.pointer = p;
		const tip = document.getElementById("tip"), hit = dragging ? null : this.hit(p);
		tip.hidden = !hit;
		if (hit) {
			tip.innerHTML = this.panel.describe(hit);
			const w = tip.offsetWidth, h = tip.offsetHeight;
			tip.style.left = Math.max(p.x + 16 + w > this.painter.width ? p.x - w - 12 :
				p.x + 16, 4) + "px";
			tip.style.top = Math.max(Math.min(p.y + 14, this.painter.height - h - 6), 4) + "px";
		}
		this.drawOver();
	}

	// ---- selection

	pick(hit, show) {
		this.state.pick = hit;
		this.panel.picked(hit);
		if (hit && show)
			this.panel.show("pick");
		this.drawOver();
	}

	pickAt(p) {
		this.pick(this.hit(p), true);
	}

	// The row that shows a record, if one does.
	rowOf(record) {
		for (const lane of this.layout.lanes)
			for (const row of lane.rows) {
				if (row.type === "exit") {
					const i = above(row.index, record, 0, row.index.length) - 1;
					if (i >= 0 && row.index[i] === record)
						return { row, i, start: row.band.start[i], end: row.band.end[i], record };
				}
				for (const points of row.points || []) {
					const i = above(points.records, record, 0, points.n) - 1;
					if (i >= 0 && points.records[i] === record)
						return { row, record, start: points.time[i], end: points.time[i] };
				}
			}
		return null;
	}

	pickRecord(record) {
		const t = this.trace, time = t.time[record];
		const hit = this.rowOf(record) ||
			{ row: { type: "marks", y: -100, height: 0 }, record, start: time, end: time };
		this.pick(hit, true);
		if (time < this.view.t0 || time > this.view.t1)
			this.centre(time);
	}

	neighbour(direction) {
		const record = this.state.pick ? this.state.pick.record : undefined;
		const t = this.trace;
		const from = record ?? above(t.time, this.state.pick ? this.state.pick.start :
			(this.view.t0 + this.view.t1) / 2, 0, t.count) - 1;
		this.pickRecord(Math.min(Math.max(from + direction, 0), t.count - 1));
	}

	fillFind() {
		const select = document.getElementById("find"), t = this.trace, sums = new Map();
		for (let i = 0; i < t.count; i++)
			sums.set(t.kind[i], (sums.get(t.kind[i]) || 0) + 1);
		const names = new Map();
		for (const [kind, n] of sums) {
			const name = t.head.kinds[kind].name;
			names.set(name, (names.get(name) || 0) + n);
		}
		for (const [name, n] of [...names].sort((a, b) => a[0].localeCompare(b[0])))
			select.add(new Option(`${name} (${count(n)})`, name));
	}

	// To the next (1) or previous (-1) event of the kind that Find shows.
	step(direction) {
		const t = this.trace, name = document.getElementById("find").value;
		const wanted = t.head.kinds.map(k => k.name === name);
		const record = this.state.pick ? this.state.pick.record : undefined;
		let i = record ?? above(t.time, this.state.pick ? this.state.pick.start : this.view.t0, 0,
			t.count) - (direction > 0 ? 1 : 0);
		do
			i += direction;
		while (i >= 0 && i < t.count && !wanted[t.kind[i]]);
		if (i >= 0 && i < t.count)
			this.pickRecord(i);
	}

	setRange(range) {
		this.state.range = range;
		this.changed();
	}

	clear() {
		this.state.range = null;
		this.pick(null);
		this.point(null);
		this.changed();
	}

	// ---- looks

	toggleGroup(group) {
		const hidden = this.layout.hidden;
		if (!hidden.delete(group))
			hidden.add(group);
		this.panel.legend();
		this.changed();
	}

	toggleTheme() {
		document.documentElement.classList.toggle("dark");
		this.painter.recolour();
		this.panel.legend();
		this.changed();
	}

	togglePanel() {
		const panel = document.getElementById("panel");
		panel.hidden = !panel.hidden;
	}
}

async function start() {
	const wait = document.getElementById("wait");
	const asked = new URLSearchParams(location.search);
	if (asked.get("theme") ? asked.get("theme") === "dark" :
			matchMedia("(prefers-color-scheme: dark)").matches)
		document.documentElement.classList.add("dark");
	if (typeof DecompressionStream === "undefined")
		throw new Error("this browser is too old: it cannot unpack the trace (DecompressionStream)");
	const begin = performance.now();
	const header = JSON.parse(document.getElementById("header").textContent);
	const data = document.getElementById("data");
	const buffer = await unpack(data.textContent);
	data.remove();
	window.app = new App(new Trace(header, buffer));
	window.app.loadTime = performance.now() - begin;
	wait.hidden = true;
	wait.style.display = "none";
	if (asked.has("selftest"))
		showSelftest(window.app);
	return window.app;
}

window.ready = start();
window.ready.catch(error => {
	document.getElementById("wait").textContent = "Cannot show the trace: " + error.message;
});
