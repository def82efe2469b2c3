// SPDX-License-Identifier: GPL-2.0-or-later
// ?selftest: checks what is drawn against slow and simple sums, and measures frames. The lines
// go to the page; those that begin with "check" end in "ok" or "FAILED".

function naiveWithin(band, t0, t1) {
	const out = new Float64Array(band.kinds);
	for (let i = 0; i < band.n; i++)
		out[band.value[i]] += Math.max(0, Math.min(band.end[i], t1) - Math.max(band.start[i], t0));
	return out;
}

// A small generator, so that each run tests the same.
function generator(seed) {
	return () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
}

function checkBands(app) {
	const random = generator(7), span = app.trace.span;
	for (const row of app.layout.lanes.flatMap(l => l.rows).filter(r => r.band))
		for (let turn = 0; turn < 4; turn++) {
			const length = span * 10 ** (-3 * random()), t0 = random() * (span - length);
			const slow = naiveWithin(row.band, t0, t0 + length);
			const fast = row.band.within(t0, t0 + length);
			const drawn = new Float64Array(row.band.kinds);
			row.band.columns(t0, t0 + length, 700, (x, share) =>
				share.forEach((s, k) => { drawn[k] += s * length / 700; }));
			for (let k = 0; k < row.band.kinds; k++)
				if (Math.abs(slow[k] - fast[k]) + Math.abs(slow[k] - drawn[k]) > 1 + 1e-9 * span)
					return false;
		}
	return true;
}

function checkPoints(app) {
	const random = generator(11), span = app.trace.span;
	for (const points of app.layout.lanes.flatMap(l => l.rows).flatMap(r => r.points || [])) {
		const t0 = random() * span, t1 = t0 + random() * (span - t0);
		const slow = points.time.filter(t => t >= t0 && t < t1).length;
		let drawn = 0;
		points.columns(t0, t1, 500, (x, n) => { drawn += n; });
		if (points.number(t0, t1) !== slow || Math.abs(drawn - slow) > 1)
			return false;
	}
	return true;
}

// Everything that can be hit with the pointer can also be described.
function checkTips(app) {
	let described = 0;
	const random = generator(3);
	for (let turn = 0; turn < 300; turn++) {
		const p = { x: GUTTER + random() * app.plotWidth(),
			y: TOP + random() * (app.painter.height - TOP) };
		const hit = app.hit(p);
		if (hit && app.panel.describe(hit).length > 20)
			described++;
	}
	return described;
}

async function frames(app, number, move) {
	const times = [];
	for (let i = 0; i < number; i++) {
		move(i);
		const begin = performance.now();
		app.painter.draw(app.view);
		app.painter.drawOver(app.view, app.state);
		times.push(performance.now() - begin);
		if (i % 20 === 19)
			await new Promise(done => requestAnimationFrame(done));
	}
	times.sort((a, b) => a - b);
	const at = percent => times[Math.max(Math.ceil(number * percent / 100), 1) - 1].toFixed(2);
	return `p5 ${at(5)} p50 ${at(50)} p99 ${at(99)}`;
}

async function selftest(app) {
	const out = [`records ${app.trace.count}`, `load_ms ${app.loadTime.toFixed(0)}`,
		`canvas ${app.painter.base.width}x${app.painter.base.height}`];
	const check = (name, good) => out.push(`check ${name} ${good ? "ok" : "FAILED"}`);
	let sorted = true;
	for (let i = 1; i < app.trace.count; i++)
		sorted = sorted && app.trace.time[i] >= app.trace.time[i - 1];
	check("time-order", sorted);
	check("words", app.trace.wordAt[app.trace.count] === app.trace.words.length);
	check("bands", checkBands(app));
	check("points", checkPoints(app));
	const span = app.trace.span, view = app.view, all = { ...view };
	const measure = async (name, number, move) => {
		out.push(`frame_ms ${name} ${await frames(app, number, move)}`);
	};
	const look = (middle, length) => {
		view.t0 = Math.min(Math.max(middle - length / 2, 0), span - length);
		view.t1 = view.t0 + length;
	};
	await measure("whole", 40, () => look(span / 2, span));
	await measure("zoom", 120, i => look(span * 0.37, span * 10 ** (-5 * i / 120)));
	await measure("pan-tenth", 120, i => look(span * i / 120, span / 10));
	await measure("pan-thousandth", 120, i => look(span * (0.3 + i / 12000), span / 1000));
	look(span * 0.37, span / 3000);
	app.painter.draw(view);
	check("tips", checkTips(app) > 0);
	Object.assign(view, all);
	app.drawNow();
	return out.join("\n");
}

async function showSelftest(app) {
	const pre = document.getElementById("selftest");
	pre.hidden = false;
	pre.textContent = "self-test runs";
	pre.textContent = await selftest(app) + "\ndone";
}
