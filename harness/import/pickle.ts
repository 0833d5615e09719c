/**
 * Python's pickle, read as data: a stack machine for the opcodes that tensors are written with. It calls nothing. A class or
 * function is only its name (`Global`), and what may stand for a call is decided by the reader's own table; everything else
 * is refused by name.
 */

/** `module.name` of a class or function; never looked up. */
export class Global {
	readonly name: string;

	constructor(name: string) {
		this.name = name;
	}
}

/** A value of the pickle: numbers, strings, bytes, lists and tuples, dicts, and what the reader makes. */
export type Value = unknown;

/** A dict; keys are mostly strings. */
export type Dict = Map<Value, Value>;

export interface PickleReader {
	/** What a persistent id (a storage) stands for. */
	readonly persistent: (id: Value) => Value;
	/** What calling `name` with `args` would give; undefined where it is not one of those allowed. */
	readonly call: (name: string, args: readonly Value[]) => Value | undefined;
	/** Whether a class or function may be named at all. */
	readonly allowed: (name: string) => boolean;
}

const limit = 50_000_000;

/**
 * Reads one pickle from `bytes` at `start`; gives its value and the place behind it. Throws
 * `where: requirement, got value`.
 */
export function readPickle(
	bytes: Uint8Array,
	where: string,
	reader: PickleReader,
	start = 0,
): { readonly value: Value; readonly end: number } {
	const machine = new Machine(bytes, where, reader, start);
	return { value: machine.run(), end: machine.at };
}

const mark = Symbol("mark");

class Machine {
	at: number;
	readonly #bytes: Buffer;
	readonly #where: string;
	readonly #reader: PickleReader;
	readonly #stack: Value[] = [];
	readonly #memo = new Map<number, Value>();

	constructor(bytes: Uint8Array, where: string, reader: PickleReader, start: number) {
		this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		this.#where = where;
		this.#reader = reader;
		this.at = start;
	}

	run(): Value {
		for (let steps = 0; steps < limit; steps += 1) {
			const code = this.#take(1)[0] as number;
			if (code === 0x2e) return this.#pop(); // STOP
			const operation = operations[code];
			if (operation === undefined) throw this.#refusal(`opcode ${describe(code)}`);
			operation(this);
		}
		throw this.#refusal(`more than ${limit} opcodes`);
	}

	#refusal(got: string): RangeError {
		return new RangeError(
			`${this.#where}: must be a pickle of tensors, dicts and plain values alone, got ${got} at byte ${this.at - 1}`,
		);
	}

	#take(length: number): Buffer {
		if (!(this.at + length <= this.#bytes.length)) {
			throw new RangeError(
				`${this.#where}: must be a whole pickle, got one that ends after ${this.#bytes.length} bytes`,
			);
		}
		this.at += length;
		return this.#bytes.subarray(this.at - length, this.at);
	}

	#pop(): Value {
		if (this.#stack.length === 0 || this.#stack.at(-1) === mark) throw this.#refusal("an empty stack");
		return this.#stack.pop();
	}

	/** What lies above the last mark, which goes too. */
	#above(): Value[] {
		const place = this.#stack.lastIndexOf(mark);
		if (place < 0) throw this.#refusal("no mark");
		return this.#stack.splice(place).slice(1);
	}

	#top(): Value {
		if (this.#stack.length === 0) throw this.#refusal("an empty stack");
		return this.#stack.at(-1);
	}

	push(value: Value): void {
		this.#stack.push(value);
	}

	pushMark(): void {
		this.#stack.push(mark);
	}

	skip(length: number): void {
		this.#take(length);
	}

	unsigned(length: 1 | 2 | 4): number {
		return this.#take(length).readUIntLE(0, length);
	}

	signed32(): number {
		return this.#take(4).readInt32LE(0);
	}

	float64(): number {
		return this.#take(8).readDoubleBE(0);
	}

	/** A length of 8 bytes. */
	length64(): number {
		return Number(this.#take(8).readBigUInt64LE(0));
	}

	/** A whole number in two's complement, as a bigint where it is large. */
	long(length: number): number | bigint {
		if (length > 64) throw this.#refusal(`a number of ${length} bytes`);
		const bytes = this.#take(length);
		let value = 0n;
		for (let index = bytes.length - 1; index >= 0; index -= 1) value = (value << 8n) | BigInt(bytes[index] as number);
		if (length > 0 && ((bytes[length - 1] as number) & 0x80) !== 0) value -= 1n << BigInt(8 * length);
		return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value;
	}

	text(length: number): string {
		return this.#take(length).toString("utf8");
	}

	bytes(length: number): Uint8Array {
		return Uint8Array.from(this.#take(length));
	}

	/** Text up to a line's end. */
	line(): string {
		const end = this.#bytes.indexOf(0x0a, this.at);
		if (end < 0) this.#take(this.#bytes.length);
		const text = this.#bytes.toString("utf8", this.at, end);
		this.at = end + 1;
		return text;
	}

	pop(): void {
		if (this.#stack.pop() === undefined) throw this.#refusal("an empty stack");
	}

	popMark(): void {
		this.#above();
	}

	duplicate(): void {
		this.#stack.push(this.#top());
	}

	tuple(count: number | "marked"): void {
		if (count === "marked") {
			this.#stack.push(this.#above());
			return;
		}
		const values = Array.from({ length: count }, () => this.#pop());
		this.#stack.push(values.reverse());
	}

	dict(): void {
		this.#stack.push(new Map());
	}

	markedDict(): void {
		const pairs = this.#above();
		this.#stack.push(new Map());
		this.#setPairs(pairs);
	}

	append(all: boolean): void {
		const values = all ? this.#above() : [this.#pop()];
		const list = this.#top();
		if (!Array.isArray(list)) throw this.#refusal("an append to what is no list");
		for (const value of values) list.push(value);
	}

	setItem(all: boolean): void {
		const pairs = all ? this.#above() : [this.#pop(), this.#pop()].reverse();
		this.#setPairs(pairs);
	}

	#setPairs(pairs: readonly Value[]): void {
		const dict = this.#top();
		if (!(dict instanceof Map) || pairs.length % 2 !== 0) throw this.#refusal("items for what is no dict");
		for (let index = 0; index < pairs.length; index += 2) dict.set(pairs[index], pairs[index + 1]);
	}

	put(index: number): void {
		this.#memo.set(index, this.#top());
	}

	memoize(): void {
		this.#memo.set(this.#memo.size, this.#top());
	}

	get(index: number): void {
		if (!this.#memo.has(index)) throw this.#refusal(`no memo ${index}`);
		this.#stack.push(this.#memo.get(index));
	}

	global(module: Value, name: Value): void {
		const full = `${module}.${name}`;
		if (!this.#reader.allowed(full)) throw this.#refusal(`the class or function ${full}`);
		this.#stack.push(new Global(full));
	}

	stackGlobal(): void {
		const name = this.#pop();
		this.global(this.#pop(), name);
	}

	persistent(): void {
		this.#stack.push(this.#reader.persistent(this.#pop()));
	}

	/** The place where Python would call something. */
	reduce(): void {
		const args = this.#pop();
		const called = this.#pop();
		if (!(called instanceof Global) || !Array.isArray(args)) throw this.#refusal("a call of what is no class");
		const value = this.#reader.call(called.name, args);
		if (value === undefined) throw this.#refusal(`a call of ${called.name}`);
		this.#stack.push(value);
	}

	/** The opcode that calls a class by its name; it is read to name it. */
	instance(): void {
		this.global(this.line(), this.line());
		throw this.#refusal(`a call of ${(this.#pop() as Global).name}`);
	}

	/** Attributes of an object: PyTorch keeps a state dict's versions so. They say nothing about its values. */
	build(): void {
		this.#pop();
		if (!(this.#top() instanceof Map)) throw this.#refusal("attributes for what is no dict");
	}
}

const operations: Readonly<Record<number, (machine: Machine) => void>> = {
	128: (m) => m.skip(1), // PROTO
	149: (m) => m.skip(8), // FRAME
	40: (m) => m.pushMark(),
	48: (m) => m.pop(),
	49: (m) => m.popMark(),
	50: (m) => m.duplicate(),
	78: (m) => m.push(null),
	136: (m) => m.push(true),
	137: (m) => m.push(false),
	73: (m) => m.push(lineNumber(m.line())), // INT
	76: (m) => m.push(Number(m.line().replace(/L$/, ""))), // LONG
	70: (m) => m.push(Number(m.line())), // FLOAT
	74: (m) => m.push(m.signed32()),
	75: (m) => m.push(m.unsigned(1)),
	77: (m) => m.push(m.unsigned(2)),
	138: (m) => m.push(m.long(m.unsigned(1))),
	139: (m) => m.push(m.long(m.unsigned(4))),
	71: (m) => m.push(m.float64()),
	85: (m) => m.push(m.text(m.unsigned(1))), // SHORT_BINSTRING, of Python 2
	84: (m) => m.push(m.text(m.unsigned(4))),
	140: (m) => m.push(m.text(m.unsigned(1))),
	88: (m) => m.push(m.text(m.unsigned(4))),
	141: (m) => m.push(m.text(m.length64())),
	67: (m) => m.push(m.bytes(m.unsigned(1))),
	66: (m) => m.push(m.bytes(m.unsigned(4))),
	142: (m) => m.push(m.bytes(m.length64())),
	125: (m) => m.dict(),
	93: (m) => m.push([]),
	41: (m) => m.push([]),
	116: (m) => m.tuple("marked"),
	133: (m) => m.tuple(1),
	134: (m) => m.tuple(2),
	135: (m) => m.tuple(3),
	108: (m) => m.tuple("marked"), // LIST
	100: (m) => m.markedDict(),
	97: (m) => m.append(false),
	101: (m) => m.append(true),
	115: (m) => m.setItem(false),
	117: (m) => m.setItem(true),
	112: (m) => m.put(Number(m.line())),
	113: (m) => m.put(m.unsigned(1)),
	114: (m) => m.put(m.unsigned(4)),
	103: (m) => m.get(Number(m.line())),
	104: (m) => m.get(m.unsigned(1)),
	106: (m) => m.get(m.unsigned(4)),
	148: (m) => m.memoize(),
	99: (m) => m.global(m.line(), m.line()),
	147: (m) => m.stackGlobal(),
	81: (m) => m.persistent(),
	82: (m) => m.reduce(),
	98: (m) => m.build(),
	105: (m) => m.instance(),
};

/** The text form of whole numbers also writes truth values, as 01 and 00. */
function lineNumber(text: string): number | boolean {
	return text === "01" ? true : text === "00" ? false : Number(text);
}

/** Names of opcodes that could do more than hold data. */
const refused: Readonly<Record<number, string>> = {
	111: "OBJ",
	129: "NEWOBJ",
	146: "NEWOBJ_EX",
	130: "EXT1",
	131: "EXT2",
	132: "EXT4",
	80: "PERSID",
	144: "ADDITEMS",
	143: "EMPTY_SET",
	145: "FROZENSET",
};

function describe(code: number): string {
	const number = `0x${code.toString(16).padStart(2, "0")}`;
	const name = refused[code];
	return name === undefined ? number : `${number} (${name})`;
}
