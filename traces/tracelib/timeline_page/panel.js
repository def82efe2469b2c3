// SPDX-License-Identifier: GPL-2.0-or-later
// Text beside the drawing: tooltip, statistics of what is in view, the selection, tables, legend.

function escape(text) {
	return String(text).replace(/[&<>"]/g, c => "&#" + c.charCodeAt(0) + ";");
}

function chip(colour) {
	return `<span class="chip" style="background:${colour}"></span>`;
}

class Panel {
	constructor(app) {
		this.app = app;
		this.trace = app.trace;
		for (const button of document.querySelectorAll("#panel nav button"))
			button.onclick = () => this.show(button.dataset.tab);
		this.show("view");
		this.tables();
		this.facts();
	}

	show(name) {
		for (const button of document.querySelectorAll("#panel nav button"))
			button.classList.toggle("on", button.dataset.tab === name);
		for (const section of document.querySelectorAll("#panel section"))
			section.hidden = section.id !== "tab-" + name;
	}

	facts() {
		const t = this.trace, told = name => t.head.tables[0].rows.find(r => r[0] === name)[1];
		const lost = told("records lost"), unknown = told("CPUs with unknown time");
		const guests = t.head.vcpus.filter(v => v.kind === "guest").length;
		document.getElementById("facts").textContent = [count(t.count) + " records",
			t.head.cpus.length + " CPUs", guests + " vCPUs", duration(t.span, t.hz),
			lost ? count(lost) + " records lost" : "none lost",
			...unknown ? [`${unknown} CPU${unknown > 1 ? "s" : ""} partly unknown`] : []].join(" \u00b7 ");
	}

	// ---- describing things

	fieldsOf(record) {
		const cells = this.trace.fields(record).map(([name, value]) =>
			`<span>${escape(name)}</span><span>${escape(this.trace.value(name, value))}</span>`);
		return cells.length ? `<div class="fields">${cells.join("")}</div>` : "";
	}

	line(record) {
		return this.trace.fields(record).map(([n, v]) => `${n}=${this.trace.value(n, v)}`).join(" ");
	}

	record(record) {
		const t = this.trace, kind = t.head.kinds[t.kind[record]];
		const colour = this.app.painter.palette.marks[kind.group] || "var(--muted)";
		return `<b>${chip(colour)}${escape(kind.name)}</b>
			<span class="sub">CPU ${t.head.cpus[t.cpu[record]]} \u00b7
			${escape(t.head.vcpus[t.owner[record]].name)}</span>
			<div class="sub">at ${moment(t.time[record], t.hz, 1e-9)} \u00b7
			cycle ${t.cycles(t.time[record])}</div>
			${this.fieldsOf(record)}<div class="sub">${escape(kind.doc)}</div>`;
	}

	interval(row, i) {
		const t = this.trace, band = row.band, p = this.app.painter.palette;
		const label = escape(this.app.painter.label(row, i));
		const length = band.end[i] - band.start[i];
		let colour, extra = "";
		if (row.type === "exit") {
			const record = row.index[i];
			colour = p.categories[band.value[i]];
			extra = this.fieldsOf(record) + t.handling(record).map(r =>
				`<div>${escape(t.name(r))} <span class="sub">${escape(this.line(r))}</span></div>`)
				.join("");
			if (row.left[i])
				extra += `<div class="sub">the vCPU lost its CPU before it entered again</div>`;
		} else {
			colour = row.type === "ran" ? p.vcpus[row.values[band.value[i]].vcpu] :
				p.states[band.value[i]];
		}
		return `<b>${chip(colour)}${label}</b>
			<span class="sub">${escape(row.lane.title)}</span>
			<div>${duration(length, t.hz)} <span class="sub">${count(length)} cycles,
			from ${moment(band.start[i], t.hz, 1e-9)}</span></div>${extra}`;
	}

	describe(hit) {
		return hit.record !== undefined && hit.row.type === "marks" ? this.record(hit.record) :
			this.interval(hit.row, hit.i);
	}

	// ---- what is in view

	inView(t0, t1) {
		const html = [`<h2>${duration(t1 - t0, this.trace.hz)} from
			${moment(t0, this.trace.hz, (t1 - t0) / this.trace.hz / 1000)}</h2>`];
		const rows = this.app.layout.lanes.flatMap(l => l.rows);
		html.push(this.cpuTable(rows.filter(r => r.type === "ran"), t0, t1));
		html.push(this.stateTable(rows.filter(r => r.type === "state"), t0, t1));
		html.push(this.exitTable(rows.filter(r => r.type === "exit"), t0, t1));
		html.push(this.markTable(rows.filter(r => r.type === "marks"), t0, t1));
		document.getElementById("tab-view").innerHTML = html.join("");
	}

	bar(parts, whole) {
		return `<div class="bar">` + parts.filter(([x]) => x > 0).map(([x, colour, title]) =>
			`<div title="${escape(title)}" style="width:${100 * x / whole}%;background:${colour}">
			</div>`).join("") + "</div>";
	}

	cpuTable(rows, t0, t1) {
		const p = this.app.painter.palette, vcpus = this.trace.head.vcpus;
		return "<h2>CPUs: who ran</h2><table>" + rows.map(row => {
			const parts = [...row.band.within(t0, t1)].map((x, k) => row.values[k] &&
				[x, p.vcpus[row.values[k].vcpu], `${row.values[k].name} ${duration(x, this.trace.hz)}`])
				.filter(Boolean);
			const time = kind => [...row.band.within(t0, t1)].reduce((sum, x, k) => sum +
				(row.values[k] && vcpus[row.values[k].vcpu].kind === kind ? x : 0), 0);
			const busy = time("guest");
			return `<tr><td>${row.lane.title}</td><td style="width:60%">${this.bar(parts, t1 - t0)}</td>
				<td class="number">${this.percent(busy, busy + time("idle"))}</td></tr>`;
		}).join("") + "</table>";
	}

	stateTable(rows, t0, t1) {
		if (!rows.length)
			return "";
		const p = this.app.painter.palette, t = this.trace;
		return "<h2>vCPUs: runstates</h2><table>" + rows.map(row => {
			const times = row.band.within(t0, t1);
			const parts = [...times].map((x, k) =>
				[x, p.states[k], `${t.head.states[k]} ${duration(x, t.hz)}`]);
			return `<tr><td>${escape(row.lane.title)}</td>
				<td style="width:60%">${this.bar(parts, t1 - t0)}</td>
				<td class="number">${this.percent(times[0], times.reduce((a, b) => a + b))}</td></tr>`;
		}).join("") + "</table>";
	}

	// A part of the time that is known; nothing when none is.
	percent(part, known) {
		return known > 0 ? (100 * part / known).toFixed(1) + "%" : "unknown";
	}

	exitTable(rows, t0, t1) {
		const t = this.trace, kinds = t.head.categories.length;
		const time = new Float64Array(kinds), number = new Float64Array(kinds);
		for (const row of rows) {
			row.band.within(t0, t1).forEach((x, k) => { time[k] += x; });
			const first = row.band.at(t0 - 1e-9) + 1, last = row.band.at(t1);
			for (let i = first; i <= last; i++)
				number[row.band.value[i]]++;
		}
		const p = this.app.painter.palette, order = [...time.keys()].filter(k => number[k] || time[k])
			.sort((a, b) => time[b] - time[a]);
		if (!order.length)
			return "";
		return `<h2>Exits</h2><table><tr><th>about</th><th class="number">exits</th>
			<th class="number">time</th><th class="number">mean</th></tr>` + order.map(k =>
			`<tr><td>${chip(p.categories[k])}${escape(t.head.categories[k])}</td>
			<td class="number">${count(number[k])}</td>
			<td class="number">${duration(time[k], t.hz)}</td>
			<td class="number">${number[k] ? duration(time[k] / number[k], t.hz) : ""}</td></tr>`)
			.join("") + "</table>";
	}

	markTable(rows, t0, t1) {
		const sums = new Map(), seconds = (t1 - t0) / this.trace.hz;
		for (const points of rows.flatMap(r => r.points))
			sums.set(points.group, (sums.get(points.group) || 0) + points.number(t0, t1));
		const p = this.app.painter.palette, order = [...sums].filter(([, n]) => n)
			.sort((a, b) => b[1] - a[1]);
		if (!order.length)
			return "";
		return `<h2>Other records</h2><table><tr><th>group</th><th class="number">records</th>
			<th class="number">each second</th></tr>` + order.map(([g, n]) =>
			`<tr><td>${chip(p.marks[g])}${escape(g)}</td><td class="number">${count(n)}</td>
			<td class="number">${group(String(+(n / seconds).toPrecision(4)))}</td></tr>`).join("") +
			"</table>";
	}

	// ---- the selection and its neighbours

	picked(pick) {
		const section = document.getElementById("tab-pick");
		if (!pick) {
			section.innerHTML = `<p class="hint">Click an interval or a mark.</p>`;
			return;
		}
		const t = this.trace, near = [];
		const middle = pick.record ?? Math.max(above(t.time, pick.start, 0, t.count) - 1, 0);
		const first = Math.max(middle - 12, 0), last = Math.min(middle + 30, t.count - 1);
		for (let i = first; i <= last; i++)
			near.push(`<tr data-record="${i}" class="${i === middle ? "on" : ""}"
				title="${escape(t.name(i) + " " + this.line(i))}">
				<td class="number">${duration(t.time[i] - pick.start, t.hz)}</td>
				<td>${t.head.cpus[t.cpu[i]]}</td><td>${escape(t.name(i))}</td>
				<td class="sub">${escape(this.line(i))}</td></tr>`);
		section.innerHTML = `<div class="card">${this.describe(pick)}</div><h2>Records around it</h2>
			<table class="near"><tr><th class="number">from here</th><th>CPU</th><th>event</th>
			<th></th></tr>${near.join("")}</table>`;
		for (const row of section.querySelectorAll("tr[data-record]"))
			row.onclick = () => this.app.pickRecord(+row.dataset.record);
	}

	// ---- tables and legend

	tables() {
		const section = document.getElementById("tab-tables"), tables = this.trace.head.tables;
		const select = document.createElement("select"), body = document.createElement("div");
		body.className = "wide";
		tables.forEach((t, i) => select.add(new Option(t.title, i)));
		const show = () => { body.innerHTML = this.table(tables[+select.value]); };
		select.onchange = show;
		select.value = String(Math.max(tables.findIndex(t => t.name === "exits"), 0));
		section.append(select, body);
		show();
	}

	table(table) {
		const cell = x => typeof x === "number" ?
			`<td class="number">${Number.isInteger(x) ? count(x) : +x.toPrecision(5)}</td>` :
			`<td>${x === null ? "" : escape(x)}</td>`;
		const numeric = table.columns.map((_, k) => table.rows.some(r => typeof r[k] === "number"));
		return `<table><tr>${table.columns.map((name, k) =>
			`<th class="${numeric[k] ? "number" : ""}">${escape(name)}</th>`).join("")}</tr>` +
			table.rows.map(r => `<tr>${r.map(cell).join("")}</tr>`).join("") + "</table>";
	}

	legend() {
		const p = this.app.painter.palette, t = this.trace, layout = this.app.layout;
		const used = new Set(layout.lanes.flatMap(l => l.rows).filter(r => r.type === "exit")
			.flatMap(r => [...new Set(r.band.value)]));
		const legend = document.getElementById("legend");
		legend.innerHTML = `<span class="title">vCPU</span>` + t.head.states.map((s, i) =>
			`<span>${chip(p.states[i])}${s}</span>`).join("") +
			`<span class="title">exit</span>` + t.head.categories.map((name, i) => used.has(i) ?
			`<span>${chip(p.categories[i])}${escape(name)}</span>` : "").join("") +
			`<span class="title">mark</span>` + [...layout.groups.keys()].sort().map(g =>
			`<button data-group="${escape(g)}" class="${layout.hidden.has(g) ? "off" : ""}"
			title="Show or hide">${chip(p.marks[g])}${escape(g)}</button>`).join("");
		for (const button of legend.querySelectorAll("button"))
			button.onclick = () => this.app.toggleGroup(button.dataset.group);
	}
}
