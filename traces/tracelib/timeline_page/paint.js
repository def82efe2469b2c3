// SPDX-License-Identifier: GPL-2.0-or-later
// Draws. Lanes are painted as pixels into one buffer; text, glyphs and the ruler go over it.

// None near the colours of runstates: a hue says who, never in which state.
const DOMAIN_HUES = [216, 24, 274, 338, 188, 56, 250, 308];

function packed(colour) {
	const probe = packed.context || (packed.context = Object.assign(
		document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d",
		{ willReadFrequently: true }));
	probe.clearRect(0, 0, 1, 1);
	probe.fillStyle = colour;
	probe.fillRect(0, 0, 1, 1);
	const d = probe.getImageData(0, 0, 1, 1).data;
	return (255 << 24 | d[2] << 16 | d[1] << 8 | d[0]) >>> 0;
}

// All colours of the theme, as CSS text and as pixels.
class Palette {
	constructor(trace, groups) {
		const style = getComputedStyle(document.documentElement);
		const get = name => style.getPropertyValue("--" + name).trim();
		this.dark = document.documentElement.classList.contains("dark");
		for (const name of ["bg", "panel", "ink", "muted", "line", "lane", "accent", "veil", "lost"])
			this[name] = get(name);
		this.states = trace.head.states.map(s => get("state-" + s));
		this.categories = trace.head.categories.map((_, i) => get("cat-" + i));
		this.marks = {};
		for (const group of groups)
			this.marks[group] = get("mark-" + group) || this.muted;
		this.vcpus = trace.head.vcpus.map(v => this.vcpuColour(v));
		this.pixels = {
			bg: packed(this.bg), lane: packed(this.lane), lost: packed(this.lost),
			states: this.states.map(packed), categories: this.categories.map(packed),
			vcpus: this.vcpus.map(packed),
			marks: Object.fromEntries(Object.entries(this.marks).map(([g, c]) => [g, packed(c)])) };
	}

	// A domain has a hue, its vCPUs differ in lightness; idle is barely there.
	vcpuColour(vcpu) {
		if (vcpu.kind !== "guest")
			return vcpu.kind === "idle" ? this.lane : this.line;
		const hue = DOMAIN_HUES[vcpu.domain % DOMAIN_HUES.length];
		const light = (this.dark ? 58 : 44) + 8 * ((vcpu.number % 4) - 1);
		return `hsl(${hue} ${this.dark ? 48 : 52}% ${light}%)`;
	}
}

// More arrows than this at once would hide what they connect.
const MOST_FLOWS = 150;

class Painter {
	constructor(trace, layout, base, over) {
		Object.assign(this, { trace, layout, base, over });
		this.context = base.getContext("2d", { alpha: false });
		this.overContext = over.getContext("2d");
		this.recolour();
	}

	recolour() {
		this.palette = new Palette(this.trace, this.layout.groups.keys());
		this.map = null;
	}

	resize(width, height) {
		const ratio = this.ratio = Math.min(window.devicePixelRatio || 1, 2);
		this.width = width;
		this.height = height;
		for (const canvas of [this.base, this.over]) {
			canvas.width = Math.round(width * ratio);
			canvas.height = Math.round(height * ratio);
		}
		this.plotWidth = Math.max(Math.round((width - GUTTER) * ratio), 1);
		this.plotHeight = Math.max(Math.round((height - TOP) * ratio), 1);
		this.image = new ImageData(this.plotWidth, this.plotHeight);
		this.buffer = new Uint32Array(this.image.data.buffer);
		this.map = null;
	}

	x(time, view) {
		return GUTTER + (time - view.t0) / (view.t1 - view.t0) * (this.width - GUTTER);
	}

	time(x, view) {
		return view.t0 + (x - GUTTER) / (this.width - GUTTER) * (view.t1 - view.t0);
	}

	// Fills column x of the buffer from row y0 to row y1.
	fill(x, y0, y1, colour) {
		const w = this.plotWidth, end = Math.min(y1, this.plotHeight) * w + x;
		for (let at = Math.max(y0, 0) * w + x; at < end; at += w)
			this.buffer[at] = colour;
	}

	visible(row, view) {
		const y0 = Math.round((row.y - view.scroll) * this.ratio);
		const y1 = y0 + Math.round(row.height * this.ratio);
		return y1 > 0 && y0 < this.plotHeight ? [y0, y1] : null;
	}

	draw(view) {
		this.buffer.fill(this.palette.pixels.bg);
		for (const lane of this.layout.lanes)
			for (const row of lane.rows) {
				const at = this.visible(row, view);
				if (at)
					this[row.type](row, at[0], at[1], view);
			}
		const c = this.context;
		c.setTransform(1, 0, 0, 1, 0, 0);
		c.fillStyle = this.palette.bg;
		c.fillRect(0, 0, this.base.width, this.base.height);
		c.putImageData(this.image, Math.round(GUTTER * this.ratio), Math.round(TOP * this.ratio));
		c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
		this.texts(view);
		this.flows(view);
		this.gutter(view);
		this.ruler(view);
		this.minimap(view);
	}

	// ---- rows, as pixels

	// Each column is a stack of the shares of time. With `boost` its height is the square root of
	// their sum, so that little time is still seen, and every share has at least one pixel.
	stack(row, y0, y1, view, colours, boost) {
		const height = y1 - y0, kinds = row.band.kinds;
		this.buffer.fill(this.palette.pixels.lane, Math.max(y0, 0) * this.plotWidth,
			Math.min(y1, this.plotHeight) * this.plotWidth);
		row.band.columns(view.t0, view.t1, this.plotWidth, (x, share) => {
			let sum = 0, at = y1, scale = height;
			if (boost) {
				for (let k = 0; k < kinds; k++)
					sum += share[k];
				scale = sum > 0 ? height / Math.sqrt(Math.min(sum, 1)) : 0;
				sum = 0;
			}
			for (let k = 0; k < kinds; k++) {
				if (share[k] <= 0)
					continue;
				sum += share[k];
				let top = Math.max(y1 - Math.round(sum * scale), y0);
				if (top >= at)
					top = boost ? Math.max(at - 1, y0) : at;
				this.fill(x, top, at, colours[k]);
				at = top;
			}
		});
	}

	state(row, y0, y1, view) {
		this.stack(row, y0, y1, view, this.palette.pixels.states, false);
	}

	exit(row, y0, y1, view) {
		this.stack(row, y0, y1, view, this.palette.pixels.categories, true);
	}

	ran(row, y0, y1, view) {
		this.stack(row, y0, y1, view, row.values.map(v => this.palette.pixels.vcpus[v.vcpu]),
			false);
	}

	// Glyphs when there is room for them (glyphs()); else columns whose height grows with the
	// logarithm of the number of records.
	marks(row, y0, y1, view) {
		const shown = row.points.filter(p => !this.layout.hidden.has(p.group));
		const number = shown.reduce((sum, p) => sum + p.number(view.t0, view.t1), 0);
		row.glyphs = number * 14 < this.width - GUTTER ? shown : [];
		if (row.glyphs.length)
			return;
		const sum = new Float64Array(this.plotWidth), scale = (y1 - y0) / 6;
		for (const points of shown) {
			const colour = this.palette.pixels.marks[points.group];
			points.columns(view.t0, view.t1, this.plotWidth, (x, n) => {
				const from = Math.round(Math.min(Math.log2(1 + sum[x]) * scale, y1 - y0));
				sum[x] += n;
				const to = Math.round(Math.min(Math.log2(1 + sum[x]) * scale, y1 - y0));
				this.fill(x, y1 - Math.max(to, from + 1), y1 - from, colour);
			});
		}
	}

	// ---- what goes over the pixels

	texts(view) {
		const c = this.context;
		c.save();
		c.beginPath();
		c.rect(GUTTER, TOP, this.width - GUTTER, this.height - TOP);
		c.clip();
		c.font = "11px system-ui, sans-serif";
		c.textBaseline = "middle";
		for (const lane of this.layout.lanes)
			for (const row of lane.rows)
				if (this.visible(row, view)) {
					if (row.type === "ran")
						this.unknown(row, view);
					if (row.type === "marks")
						this.glyphs(row, view);
					else
						this.labels(row, view);
					if (row.type === "ran")
						this.gaps(row, view);
				}
		c.restore();
	}

	// Where records are missing.
	gaps(row, view) {
		const c = this.context, y = TOP + row.y - view.scroll;
		c.fillStyle = this.palette.lost;
		for (const gap of row.gaps) {
			const x0 = this.x(gap.start, view), x1 = Math.max(this.x(gap.end, view), x0 + 2);
			if (x1 < GUTTER || x0 > this.width)
				continue;
			c.globalAlpha = 0.35;
			c.fillRect(x0, y - 2, x1 - x0, row.height + 4);
			c.globalAlpha = 1;
			c.fillRect(x0, y - 3, x1 - x0, 2);
		}
	}

	// Slanting lines where nothing is known of a CPU.
	unknown(row, view) {
		const c = this.context, y = TOP + row.y - view.scroll, h = row.height;
		for (const span of row.unknown) {
			const x0 = Math.max(this.x(span.start, view), GUTTER);
			const x1 = Math.min(this.x(span.end, view), this.width);
			if (x1 - x0 < 2)
				continue;
			c.save();
			c.beginPath();
			c.rect(x0, y, x1 - x0, h);
			c.clip();
			c.strokeStyle = this.palette.bg;
			c.lineWidth = 3;
			c.beginPath();
			for (let x = x0 - h - (x0 - GUTTER) % 9; x < x1; x += 9) {
				c.moveTo(x, y + h);
				c.lineTo(x + h, y);
			}
			c.stroke();
			c.restore();
		}
	}

	// The middle of the lane of a vCPU, or of the CPU's where the vCPU has none.
	laneMiddle(vcpu, cpu, view) {
		const lanes = this.layout.lanes;
		const lane = lanes.find(l => l.vcpu === vcpu) || lanes.find(l => l.cpu === cpu);
		return TOP + lane.rows[0].y + lane.rows[0].height / 2 - view.scroll;
	}

	// Arrows from a wake to the vCPU's run and from a send to its delivery, when there is room.
	flows(view) {
		const t = this.trace, c = this.context, f = this.flowColumns || (this.flowColumns = {
			cause: t.column("flow.cause"), effect: t.column("flow.effect"),
			target: t.column("flow.target"), send: t.column("flow.send") });
		const seen = [];
		for (let i = 0; i < f.cause.length && seen.length <= MOST_FLOWS; i++)
			if (t.time[f.effect[i]] >= view.t0 && t.time[f.cause[i]] <= view.t1)
				seen.push(i);
		this.flowsShown = seen.length <= MOST_FLOWS ? seen.length : 0;
		if (!this.flowsShown)
			return;
		c.save();
		c.beginPath();
		c.rect(GUTTER, TOP, this.width - GUTTER, this.height - TOP);
		c.clip();
		for (const i of seen) {
			const from = f.cause[i], to = f.effect[i];
			this.arrow(c, this.x(t.time[from], view), this.laneMiddle(t.owner[from], t.cpu[from], view),
				this.x(t.time[to], view), this.laneMiddle(f.target[i], t.cpu[to], view),
				f.send[i] ? this.palette.marks.evtchn : this.palette.marks.sched);
		}
		c.restore();
	}

	arrow(c, x0, y0, x1, y1, colour) {
		const angle = Math.atan2(y1 - y0, x1 - x0), head = 7;
		c.strokeStyle = c.fillStyle = colour || this.palette.ink;
		c.lineWidth = 1.2;
		c.beginPath();
		c.moveTo(x0, y0);
		c.lineTo(x1, y1);
		c.stroke();
		c.beginPath();
		c.moveTo(x1, y1);
		for (const side of [-0.4, 0.4])
			c.lineTo(x1 - head * Math.cos(angle + side), y1 - head * Math.sin(angle + side));
		c.fill();
	}

	label(row, i) {
		if (row.type === "exit") {
			const record = row.index[i];
			return this.trace.value("reason", this.trace.words[this.trace.wordAt[record]]);
		}
		if (row.type === "ran")
			return row.values[row.band.value[i]].name;
		return this.trace.head.states[row.band.value[i]];
	}

	labels(row, view) {
		const band = row.band, c = this.context, first = Math.max(band.at(view.t0), 0);
		const last = band.at(view.t1);
		if (last - first > 300)
			return;
		const y = TOP + row.y - view.scroll;
		for (let i = first; i <= last; i++) {
			const x0 = Math.max(this.x(band.start[i], view), GUTTER);
			const x1 = Math.min(this.x(band.end[i], view), this.width);
			if (x1 - x0 > 2 && x1 < this.width) {
				c.fillStyle = this.palette.bg;
				c.fillRect(x1 - 0.5, y, 0.5, row.height);
			}
			const faint = (row.type === "state" && band.value[i] >= 2) || (row.type === "ran" &&
				this.trace.head.vcpus[row.values[band.value[i]].vcpu].kind !== "guest");
			const text = this.label(row, i);
			if (x1 - x0 < 6.5 * text.length + 8)
				continue;
			c.fillStyle = faint ? this.palette.muted : this.palette.dark ? "#0b0f14" : "#fff";
			c.fillText(text, x0 + 5, y + row.height / 2 + 0.5);
		}
	}

	glyphs(row, view) {
		const c = this.context, y = TOP + row.y - view.scroll + row.height / 2;
		for (const points of row.glyphs) {
			c.fillStyle = this.palette.marks[points.group];
			for (let i = points.from(view.t0); i < points.n && points.time[i] <= view.t1; i++)
				this.glyph(c, this.x(points.time[i], view), y, points.group);
		}
	}

	// A shape for the most common groups, so that colour is not all that tells them apart.
	glyph(c, x, y, group) {
		c.beginPath();
		if (group === "irq") {
			c.moveTo(x, y - 5); c.lineTo(x + 4, y + 4); c.lineTo(x - 4, y + 4);
		} else if (group === "evtchn") {
			c.moveTo(x, y - 5); c.lineTo(x + 4, y); c.lineTo(x, y + 5); c.lineTo(x - 4, y);
		} else if (group === "sched") {
			c.moveTo(x - 4, y - 4); c.lineTo(x + 4, y - 4); c.lineTo(x, y + 5);
		} else if (group === "timer") {
			c.arc(x, y, 3.6, 0, 7);
		} else {
			c.rect(x - 1.5, y - 5, 3, 10);
		}
		c.fill();
	}

	gutter(view) {
		const c = this.context, p = this.palette;
		c.fillStyle = p.bg;
		c.fillRect(0, TOP, GUTTER, this.height - TOP);
		c.save();
		c.beginPath();
		c.rect(0, TOP, this.width, this.height - TOP);
		c.clip();
		c.textBaseline = "middle";
		for (const lane of this.layout.lanes) {
			const y = TOP + lane.y - view.scroll;
			if (y > this.height || y + lane.height < TOP)
				continue;
			c.fillStyle = lane.heading ? p.muted : p.ink;
			c.font = lane.heading ? "600 11px system-ui, sans-serif" : "12px system-ui, sans-serif";
			if (lane.heading) {
				c.fillText(lane.heading, 14, y + 13);
				c.fillStyle = p.line;
				c.fillRect(GUTTER, y + 13, this.width - GUTTER, 1);
			} else {
				c.fillText(lane.title, 14, y + 3 + (lane.rows[0] ? lane.rows[0].height / 2 : 0));
			}
		}
		c.restore();
		c.fillStyle = p.line;
		c.fillRect(GUTTER - 1, MAP, 1, this.height - MAP);
	}

	ruler(view) {
		const c = this.context, p = this.palette, hz = this.trace.hz;
		const seconds = (view.t1 - view.t0) / hz, wanted = seconds / ((this.width - GUTTER) / 130);
		const power = 10 ** Math.floor(Math.log10(wanted));
		const step = [1, 2, 5, 10].find(m => m * power >= wanted) * power;
		c.fillStyle = p.panel;
		c.fillRect(0, MAP, this.width, RULER);
		c.fillStyle = p.line;
		c.fillRect(0, MAP + RULER - 1, this.width, 1);
		c.font = "11px system-ui, sans-serif";
		c.textBaseline = "middle";
		for (let k = Math.ceil(view.t0 / hz / step - 1e-9); k * step * hz <= view.t1; k++) {
			const x = this.x(k * step * hz, view);
			if (x < GUTTER - 1)
				continue;
			c.fillStyle = p.line;
			c.fillRect(x, MAP + 15, 1, 9);
			c.fillStyle = p.muted;
			c.fillText(moment(k * step * hz, hz, step), x + 4, MAP + 11);
		}
		c.fillStyle = p.panel;
		c.fillRect(0, MAP, GUTTER - 1, RULER - 1);
		c.fillStyle = p.muted;
		c.fillText(duration(view.t1 - view.t0, hz), 14, MAP + 12);
	}

	// The whole trace: how busy the guests were, and how much of that the hypervisor took.
	paintMap() {
		const w = Math.round((this.width - GUTTER) * this.ratio), h = Math.round(MAP * this.ratio);
		const canvas = Object.assign(document.createElement("canvas"),
			{ width: Math.max(w, 1), height: h });
		const c = canvas.getContext("2d"), rows = this.layout.lanes.flatMap(l => l.rows);
		const busy = new Float64Array(w), exits = new Float64Array(w);
		const states = rows.filter(r => r.type === "state"), cpus = rows.filter(r => r.type === "ran");
		for (const row of states)
			row.band.columns(0, this.trace.span, w, (x, share) => { busy[x] += share[0]; });
		for (const row of rows.filter(r => r.type === "exit"))
			row.band.columns(0, this.trace.span, w, (x, share) => {
				exits[x] += share.reduce((a, b) => a + b, 0);
			});
		const scale = (h - 6) / Math.max(cpus.length, 1);
		for (let x = 0; x < w; x++) {
			c.fillStyle = this.palette.states[0];
			c.globalAlpha = 0.5;
			c.fillRect(x, h - busy[x] * scale, 1, busy[x] * scale);
			c.globalAlpha = 0.9;
			c.fillStyle = this.palette.categories[0];
			c.fillRect(x, h - exits[x] * scale, 1, exits[x] * scale);
		}
		return canvas;
	}

	minimap(view) {
		const c = this.context, p = this.palette, w = this.width - GUTTER, span = this.trace.span;
		if (!this.map)
			this.map = this.paintMap();
		c.fillStyle = p.panel;
		c.fillRect(0, 0, this.width, MAP);
		c.drawImage(this.map, GUTTER, 0, w, MAP);
		const x0 = GUTTER + view.t0 / span * w, x1 = GUTTER + view.t1 / span * w;
		c.fillStyle = p.dark ? "#000a" : "#fffc";
		c.fillRect(GUTTER, 0, x0 - GUTTER, MAP);
		c.fillRect(x1, 0, this.width - x1, MAP);
		c.strokeStyle = p.accent;
		c.lineWidth = 1.5;
		c.strokeRect(x0, 1, Math.max(x1 - x0, 2), MAP - 2);
		c.fillStyle = p.muted;
		c.font = "11px system-ui, sans-serif";
		c.textBaseline = "middle";
		c.fillText("whole trace", 14, MAP / 2 - 7);
		c.fillText(duration(span, this.trace.hz), 14, MAP / 2 + 8);
		c.fillStyle = p.line;
		c.fillRect(0, MAP - 1, this.width, 1);
	}

	// ---- pointer, selection, measured range

	drawOver(view, state) {
		const c = this.overContext, p = this.palette;
		c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
		c.clearRect(0, 0, this.width, this.height);
		if (state.range)
			this.range(c, view, state.range);
		if (state.pick)
			this.picked(c, view, state.pick);
		if (state.pointer && state.pointer.x > GUTTER && state.pointer.y > MAP) {
			c.fillStyle = p.muted;
			c.globalAlpha = 0.6;
			c.fillRect(Math.round(state.pointer.x), MAP, 1, this.height - MAP);
			c.globalAlpha = 1;
		}
	}

	range(c, view, [a, b]) {
		const x0 = Math.max(this.x(Math.min(a, b), view), GUTTER), x1 = this.x(Math.max(a, b), view);
		if (x1 < GUTTER)
			return;
		c.fillStyle = this.palette.veil;
		c.fillRect(x0, MAP, x1 - x0, this.height - MAP);
		c.fillStyle = this.palette.accent;
		c.fillRect(x0, MAP, 1, this.height - MAP);
		c.fillRect(x1, MAP, 1, this.height - MAP);
		const text = duration(Math.abs(b - a), this.trace.hz);
		c.font = "600 12px system-ui, sans-serif";
		const w = c.measureText(text).width + 12;
		c.fillRect((x0 + x1 - w) / 2, MAP + 3, w, 18);
		c.fillStyle = this.palette.dark ? "#0b0f14" : "#fff";
		c.textBaseline = "middle";
		c.fillText(text, (x0 + x1 - w) / 2 + 6, MAP + 12.5);
	}

	picked(c, view, pick) {
		const x0 = this.x(pick.start, view), x1 = this.x(pick.end, view);
		if (x1 < GUTTER || x0 > this.width)
			return;
		c.save();
		c.beginPath();
		c.rect(GUTTER, TOP, this.width - GUTTER, this.height - TOP);
		c.clip();
		c.strokeStyle = this.palette.ink;
		c.lineWidth = 1.5;
		if (pick.row) {
			const y = TOP + pick.row.y - view.scroll;
			c.strokeRect(x0 - 1, y - 1, Math.max(x1 - x0, 0) + 2, pick.row.height + 2);
		}
		c.globalAlpha = 0.5;
		c.fillStyle = this.palette.ink;
		c.fillRect(x0 - 0.5, TOP, 1, this.height - TOP);
		c.restore();
	}
}
