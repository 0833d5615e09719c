/** CSV files of labels and scores: which forms are read, and the one line that is said of the others. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { readLabelTable } from "../../harness/label-table.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

test("marks, line ends, quotes and blanks of several programs give the same table", async (t) => {
	const path = join(await temporaryFolder(t), "table.csv");
	for (const [name, text] of Object.entries({
		plain: "label,score\n1,0.5\n0,0.25\n",
		mark: "\uFEFFlabel,score\n1,0.5\n0,0.25\n",
		windows: "label,score\r\n1,0.5\r\n0,0.25\r\n\r\n",
		mac: "label,score\r1,0.5\r0,0.25",
		blanks: " label , score \n 1 ,  .5\n0.0, 25e-2 \n",
		quotes: 'name,label,"score"\n"a, ""b""\nc",1,0.5\n"",0,0.25\n',
	})) {
		await writeFile(path, text);
		const { labels, scores } = await readLabelTable(path);
		t.deepEqual(
			[[...labels], [...scores]],
			[
				[1, 0],
				[0.5, 0.25],
			],
			name,
		);
	}
	await writeFile(path, 'score_b,label,score_"c"\n0.5,b,0.5\n'.replaceAll('"', ""));
	t.deepEqual((await readLabelTable(path)).classes, ["b", "c"]);
});

test("each bad file is one line that names the file, the line and the column", async (t) => {
	const folder = await temporaryFolder(t);
	const path = join(folder, "table.csv");
	const rows: readonly (readonly [text: string | Uint8Array, line: string])[] = [
		["", "must have a column label, got no columns"],
		["label,score\n", "must have a row of values, got the header alone"],
		["truth,score\n1,0.5\n", "must have a column label, got truth, score"],
		["label,chance\n1,0.5\n", "must have a column score, or two or more named score_CLASS, got label, chance"],
		["label;score\n1;0,5\n", "columns must be separated by commas, got semicolons"],
		["label\tscore\n1\t0.5\n", "columns must be separated by commas, got tabs"],
		["label,score,score\n1,0.5,0.6\n", "columns must differ, got score twice"],
		["label,score_a,score_b,score_a\na,1,0,1\n", "columns must differ, got score_a twice"],
		["label,score,score_a,score_b\n1,1,0,1\n", "must have a column score or columns score_CLASS, got both"],
		["label,score\n1,high\n", 'line 2: score must be a number, got "high"'],
		["label,score\n1,0.5\n0,\n", 'line 3: score must be a number, got ""'],
		["label,score\n1,NaN\n", 'line 2: score must be a number, got "NaN"'],
		["label,score\n1,Infinity\n", 'line 2: score must be a number, got "Infinity"'],
		["label,score\n1,1e400\n", 'line 2: score must be a number, got "1e400"'],
		["label,score\n1,0x1\n", 'line 2: score must be a number, got "0x1"'],
		["label,score\n2,0.5\n", 'line 2: label must be 0 or 1, got "2"'],
		["label,score_a,score_b\nc,1,0\n", 'line 2: label must be one of a, b, got "c"'],
		["label,score\n1,0,5\n", "line 2: must have 2 values, got 3"],
		['name,label,score\n"a\nb",1,0.5\nc,0\n', "line 4: must have 3 values, got 2"],
		['name,label,score\n"a,1,0.5\nb,0,0.5\n', "line 2: quotes must be closed before a comma, got an open one"],
		[Buffer.from("label,score\n1,0.5\n", "utf16le"), "must have a column label, got"],
		[Uint8Array.of(0xff, 0xfe, 0x6c, 0x00), "must be UTF-8 text, got other bytes"],
	];
	for (const [text, line] of rows) {
		await writeFile(path, text);
		const { message } = (await t.throwsAsync(readLabelTable(path))) as Error;
		t.true(message.startsWith(`${path}: ${line}`), `${message} instead of ${line}`);
	}
	await mkdir(join(folder, "folder.csv"));
	await t.throwsAsync(readLabelTable(join(folder, "folder.csv")), {
		message: /folder.csv: must be a CSV file, got a folder$/,
	});
	await t.throwsAsync(readLabelTable(join(folder, "no.csv")), {
		message: /no.csv: must be a CSV file, got nothing of that name$/,
	});
});
