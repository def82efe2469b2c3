// SPDX-License-Identifier: GPL-2.0-or-later
// Unpacks the trace and tells what a record says.
"use strict";

const ARRAYS = { B: Uint8Array, H: Uint16Array, I: Uint32Array, d: Float64Array };

async function unpack(text) {
	const packed = Uint8Array.from(atob(text), c => c.charCodeAt(0));
	const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
	return new Response(stream).arrayBuffer();
}

class Trace {
	constructor(header, buffer) {
		this.head = header;
		this.buffer = buffer;
		this.hz = header.hz;
		this.span = Math.max(header.span, 1);
		this.count = header.count;
		for (const name of ["time", "kind", "cpu", "owner", "words"])
			this[name] = this.column(name);
		this.wordAt = new Uint32Array(this.count + 1);
		const length = header.kinds.map(k => k.words);
		for (let i = 0; i < this.count; i++)
			this.wordAt[i + 1] = this.wordAt[i] + length[this.kind[i]];
	}

	column(name) {
		const [code, offset, count, rising] = this.head.columns[name];
		const stored = new ARRAYS[code](this.buffer, offset, count);
		if (!rising)
			return stored;
		const out = new Float64Array(count);
		let sum = 0;
		for (let i = 0; i < count; i++)
			out[i] = sum += stored[i];
		return out;
	}

	// [[field, value]] of a record; values wider than 32 bits are BigInts.
	fields(record) {
		const kind = this.head.kinds[this.kind[record]], at = this.wordAt[record], out = [];
		for (const [name, value] of Object.entries(kind.fixed))
			out.push([name, value]);
		for (const [name, word, shift, mask, wide] of kind.fields) {
			const low = this.words[at + word];
			if (wide)
				out.push([name, BigInt(low) | BigInt(this.words[at + word + 1]) << 32n]);
			else
				out.push([name, ((low >>> shift) & mask) >>> 0]);
		}
		return out;
	}

	value(name, value) {
		const head = this.head;
		if (name.endsWith("_state"))
			return head.states[value];
		if (name === "reason" && head.reasons[value])
			return head.reasons[value][0];
		if (name === "nr")
			return `${head.hypercalls[value] || "unknown"}(${value})`;
		if (head.decimal.includes(name) || head.decimal.includes(name.split("_").pop()))
			return String(value);
		const hex = "0x" + value.toString(16);
		return name === "rip" && head.functions[hex] ? `${hex} ${head.functions[hex]}` : hex;
	}

	name(record) {
		return this.head.kinds[this.kind[record]].name;
	}

	// The records of the same CPU after this one, until the guest runs again.
	handling(record) {
		const out = [], cpu = this.cpu[record];
		for (let i = record + 1; i < this.count && i < record + 2000 && out.length < 8; i++) {
			if (this.cpu[i] !== cpu)
				continue;
			if (this.name(i) === "vmentry")
				break;
			out.push(i);
		}
		return out;
	}

	cycles(time) {
		return (BigInt(this.head.start) + BigInt(Math.round(time))).toString();
	}
}

const UNITS = [["s", 1], ["ms", 1e-3], ["\u00b5s", 1e-6], ["ns", 1e-9]];

function group(text) {
	const [whole, part] = text.split(".");
	return whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") + (part ? "." + part : "");
}

// A length of time for people: four digits that count.
function duration(cycles, hz) {
	const seconds = cycles / hz;
	const [unit, size] = UNITS.find(u => Math.abs(seconds) >= u[1]) || UNITS[3];
	const value = seconds / size;
	return group(value >= 1000 ? value.toFixed(0) : String(+value.toPrecision(4))) + " " + unit;
}

// A point of time, as exact as step (in seconds) asks for.
function moment(cycles, hz, step) {
	const [unit, size] = UNITS.find(u => step >= u[1] * 0.999) || UNITS[3];
	const digits = Math.max(0, Math.min(6, -Math.floor(Math.log10(step / size) + 1e-9)));
	return group((cycles / hz / size).toFixed(digits)) + " " + unit;
}

function count(number) {
	return group(String(number));
}
