// SPDX-License-Identifier: GPL-2.0-or-later
// Which lanes there are and where they are placed.

const GUTTER = 118, MAP = 46, RULER = 24, TOP = MAP + RULER;
const HEIGHTS = { ran: 18, state: 16, exit: 20, marks: 13 };
const HIDDEN_AT_FIRST = ["hypercall", "emul"];
const QUIET = new Set(["vmexit", "vmentry", "runstate_change", "continue_running", "sched_switch"]);
const OF_CPU = /^(irq_|timer_|hw_|scrub|lost)/;
// More vCPUs than this on one CPU are told apart by domain only.
const MANY = 14;

class Layout {
	constructor(trace) {
		this.trace = trace;
		this.lanes = [];
		this.groups = new Map();
		this.hidden = new Set(HIDDEN_AT_FIRST);
		const marks = this.sortMarks();
		this.heading("physical CPUs");
		trace.head.cpus.forEach((cpu, i) => this.cpuLane(cpu, i, marks.cpu[i]));
		let domain = null;
		this.order().forEach(i => {
			const vcpu = trace.head.vcpus[i];
			if (vcpu.domain !== domain)
				this.heading(vcpu.kind === "guest" ? "domain " + vcpu.domain :
					"vCPU not known");
			domain = vcpu.domain;
			this.vcpuLane(vcpu, i, marks.vcpu[i]);
		});
		this.place();
	}

	// Guests' vCPUs by domain, then the unknown ones, where anything is known of them.
	order() {
		const head = this.trace.head;
		return head.vcpus.map((_, i) => i)
			.filter(i => head.vcpus[i].kind === "guest" ||
				(head.vcpus[i].kind === "unknown" && head.columns[`exit${i}.index`][2]))
			.sort((a, b) => head.vcpus[a].domain - head.vcpus[b].domain ||
				head.vcpus[a].number - head.vcpus[b].number);
	}

	// Lane -> group -> record numbers. A record that names a vCPU goes to its lane, another to
	// that of the vCPU that runs; what is about the machine goes to the CPU's lane.
	sortMarks() {
		const trace = this.trace, head = trace.head, byName = new Map();
		head.vcpus.forEach((v, i) => byName.set(v.domain * 65536 + v.number, i));
		const shown = new Set(this.order());
		const marks = { cpu: head.cpus.map(() => new Map()), vcpu: head.vcpus.map(() => new Map()) };
		const plan = head.kinds.map(kind => ({
			skip: QUIET.has(kind.name), cpu: OF_CPU.test(kind.name), group: kind.group,
			domain: kind.fields.find(f => f[0] === "domain"),
			vcpu: kind.fields.find(f => f[0] === "vcpu") }));
		const pick = (record, f) => (trace.words[trace.wordAt[record] + f[1]] >>> f[2]) & f[3];
		for (let i = 0; i < trace.count; i++) {
			const p = plan[trace.kind[i]];
			if (p.skip)
				continue;
			let lane = trace.owner[i];
			if (p.domain && p.vcpu)
				lane = byName.get(pick(i, p.domain) * 65536 + pick(i, p.vcpu)) ?? lane;
			const map = p.cpu || !shown.has(lane) ? marks.cpu[trace.cpu[i]] : marks.vcpu[lane];
			let list = map.get(p.group);
			if (!list)
				map.set(p.group, list = []);
			list.push(i);
			this.groups.set(p.group, (this.groups.get(p.group) || 0) + 1);
		}
		return marks;
	}

	heading(text) {
		this.lanes.push({ heading: text, rows: [] });
	}

	points(map) {
		return [...map.entries()].sort((a, b) => b[1].length - a[1].length)
			.map(([group, list]) => new Points(group, list, this.trace.time));
	}

	band(prefix, kinds, remap) {
		const t = this.trace, value = t.column(prefix + ".value");
		return new Band(t.column(prefix + ".start"), t.column(prefix + ".length"),
			remap ? value.map(v => remap[v]) : value, kinds);
	}

	// Who runs: one value for each vCPU that ever ran here, or, if they are many, for each domain.
	cpuLane(cpu, i, map) {
		const vcpus = this.trace.head.vcpus, seen = new Map(), remap = [], values = [];
		const used = [...new Set(this.trace.column(`ran${i}.value`))];
		const many = used.length > MANY;
		for (const v of used) {
			const key = many || vcpus[v].kind !== "guest" ? vcpus[v].kind + vcpus[v].domain : v;
			if (!seen.has(key)) {
				seen.set(key, values.length);
				const whole = many && vcpus[v].kind === "guest";
				values.push({ vcpu: v, name: whole ? "d" + vcpus[v].domain : vcpus[v].name });
			}
			remap[v] = seen.get(key);
		}
		const rows = [{ type: "ran", values, gaps: this.gaps(i), unknown: this.unknown(i),
			band: this.band(`ran${i}`, Math.max(values.length, 1), remap) }];
		this.addMarks(rows, map);
		this.lanes.push({ title: "CPU " + cpu, cpu: i, rows });
	}

	// Stretches of which records are missing: from the first that was lost to the one that says so.
	gaps(cpu) {
		const t = this.trace, out = [];
		const lost = t.head.kinds.map(k => k.lost && k.words >= 4);
		if (!lost.includes(true))
			return out;
		for (let i = 0; i < t.count; i++) {
			if (!lost[t.kind[i]] || t.cpu[i] !== cpu)
				continue;
			const w = t.wordAt[i];
			const first = (BigInt(t.words[w + 2]) | BigInt(t.words[w + 3]) << 32n) -
				BigInt(t.head.start);
			out.push({ start: Math.min(Math.max(Number(first), 0), t.time[i]), end: t.time[i],
				record: i, count: t.words[w] });
		}
		return out;
	}

	// Where the CPU may have done anything: its records are missing.
	unknown(cpu) {
		const length = this.trace.column(`unknown${cpu}.length`);
		return [...this.trace.column(`unknown${cpu}.start`)].map((start, k) =>
			({ start, end: start + length[k] }));
	}

	vcpuLane(vcpu, i, map) {
		const t = this.trace, rows = [];
		if (t.head.columns[`state${i}.value`][2])
			rows.push({ type: "state", vcpu: i, band: this.band(`state${i}`, 4) });
		const index = t.column(`exit${i}.index`);
		if (index.length) {
			const start = Float64Array.from(index, r => t.time[r]);
			rows.push({ type: "exit", vcpu: i, index, left: t.column(`exit${i}.left`),
				band: new Band(start, t.column(`exit${i}.length`),
					t.column(`exit${i}.value`), t.head.categories.length) });
		}
		this.addMarks(rows, map);
		this.lanes.push({ title: vcpu.name, vcpu: i, rows });
	}

	addMarks(rows, map) {
		const points = this.points(map);
		if (points.length)
			rows.push({ type: "marks", points });
	}

	// Lanes grow up to twice their least height when there is room.
	place(room) {
		const least = this.least || (this.least = this.fixed());
		const scale = Math.max(1, Math.min(2, room ? (room - least.gaps) / least.rows : 1));
		for (const row of this.lanes.flatMap(l => l.rows))
			row.height = Math.floor(HEIGHTS[row.type] * scale);
		this.stackLanes();
	}

	fixed() {
		const rows = this.lanes.flatMap(l => l.rows);
		const sum = rows.reduce((h, row) => h + HEIGHTS[row.type], 0);
		rows.forEach(row => { row.height = HEIGHTS[row.type]; });
		this.stackLanes();
		return { rows: sum, gaps: this.height - sum };
	}

	stackLanes() {
		let y = 4;
		for (const lane of this.lanes) {
			lane.y = y;
			let at = lane.heading ? y + 22 : y + 3;
			for (const row of lane.rows) {
				row.y = at;
				row.lane = lane;
				at += row.height + 2;
			}
			lane.height = at + (lane.heading ? 0 : 7) - y;
			y += lane.height;
		}
		this.height = y + 8;
	}

	// The row at a height (below the ruler, unscrolled), or undefined.
	rowAt(y) {
		for (const lane of this.lanes)
			if (y >= lane.y && y < lane.y + lane.height)
				return lane.rows.find(r => y >= r.y - 1 && y < r.y + r.height + 1);
		return undefined;
	}
}
