// SPDX-License-Identifier: GPL-2.0-or-later
// Mouse and keys.

class Input {
	constructor(app, stage) {
		this.app = app;
		this.stage = stage;
		this.drag = null;
		stage.addEventListener("wheel", e => this.wheel(e), { passive: false });
		stage.addEventListener("pointerdown", e => this.down(e));
		stage.addEventListener("pointermove", e => this.move(e));
		stage.addEventListener("pointerup", e => this.up(e));
		stage.addEventListener("pointercancel", () => this.stop());
		stage.addEventListener("pointerleave", () => { if (!this.drag) app.point(null); });
		stage.addEventListener("dblclick", e => app.zoomTo(app.hit(this.at(e))));
		document.addEventListener("keydown", e => this.key(e));
		const on = (id, run) => { document.getElementById(id).onclick = run; };
		on("in", () => app.zoom(1 / 2));
		on("out", () => app.zoom(2));
		on("fit", () => app.fit());
		on("theme", () => app.toggleTheme());
		on("side", () => app.togglePanel());
		on("help", () => document.getElementById("keys").showModal());
		on("previous", () => app.step(-1));
		on("next", () => app.step(1));
	}

	at(e) {
		const box = this.stage.getBoundingClientRect();
		return { x: e.clientX - box.left, y: e.clientY - box.top };
	}

	wheel(e) {
		e.preventDefault();
		const app = this.app, p = this.at(e), unit = e.deltaMode ? 30 : 1;
		if (e.deltaX || e.shiftKey)
			app.pan((e.deltaX || e.deltaY) * unit / app.plotWidth());
		else if (p.x < GUTTER)
			app.scroll(e.deltaY * unit);
		else
			app.zoom(Math.exp(Math.max(-120, Math.min(120, e.deltaY * unit)) * 0.004), p.x, true);
	}

	down(e) {
		if (e.button !== 0)
			return;
		const p = this.at(e), app = this.app;
		this.stage.focus();
		this.stage.setPointerCapture(e.pointerId);
		const kind = p.y < MAP ? "map" : e.shiftKey ? "range" : "pan";
		this.drag = { kind, from: p, last: p, moved: false };
		if (kind === "map")
			app.centre((p.x - GUTTER) / app.plotWidth() * app.trace.span);
		if (kind === "range")
			app.setRange([app.timeAt(p.x), app.timeAt(p.x)]);
	}

	move(e) {
		const p = this.at(e), app = this.app, drag = this.drag;
		if (!drag) {
			app.point(p);
			return;
		}
		drag.moved = drag.moved || Math.hypot(p.x - drag.from.x, p.y - drag.from.y) > 3;
		if (!drag.moved)
			return;
		this.stage.classList.add("dragging");
		if (drag.kind === "map") {
			app.centre((p.x - GUTTER) / app.plotWidth() * app.trace.span);
		} else if (drag.kind === "range") {
			app.setRange([app.timeAt(drag.from.x), app.timeAt(p.x)]);
		} else {
			app.pan((drag.last.x - p.x) / app.plotWidth());
			app.scroll(drag.last.y - p.y);
		}
		drag.last = p;
		app.point(p, true);
	}

	up(e) {
		const drag = this.drag;
		this.stop();
		if (drag && !drag.moved && drag.kind === "pan")
			this.app.pickAt(this.at(e));
		if (drag && !drag.moved && drag.kind === "range")
			this.app.setRange(null);
	}

	stop() {
		this.drag = null;
		this.stage.classList.remove("dragging");
	}

	key(e) {
		if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("select, dialog"))
			return;
		const app = this.app, actions = {
			w: () => app.zoom(1 / 1.6), "+": () => app.zoom(1 / 1.6), "=": () => app.zoom(1 / 1.6),
			s: () => app.zoom(1.6), "-": () => app.zoom(1.6),
			a: () => app.pan(-0.25, true), ArrowLeft: () => app.pan(-0.25, true),
			d: () => app.pan(0.25, true), ArrowRight: () => app.pan(0.25, true),
			ArrowUp: () => app.scroll(-60), ArrowDown: () => app.scroll(60),
			0: () => app.fit(), Home: () => app.fit(), n: () => app.step(1), p: () => app.step(-1),
			",": () => app.neighbour(-1), ".": () => app.neighbour(1),
			t: () => app.toggleTheme(), x: () => app.togglePanel(),
			"?": () => document.getElementById("keys").showModal(),
			Enter: () => app.zoomToRange(), Escape: () => app.clear(),
		};
		const run = actions[e.key.length === 1 ? e.key.toLowerCase() : e.key];
		if (run && !(e.key === "Enter" && e.target.closest("button"))) {
			e.preventDefault();
			run();
		}
	}
}
