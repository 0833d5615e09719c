import test from "ava";
import { Random } from "../../engine/random.ts";
import { baselineOf } from "../../harness/baseline.ts";
import { chance, check } from "../../harness/check.ts";
import { checkJunit, checkMarkdown, refusalJunit } from "../../harness/check-output.ts";
import { parseReport, type Report, reportJson } from "../../harness/report.ts";
import { type Score, score } from "../../metrics/metric.ts";

const fid = { id: "fid", better: "lower", protocol: { ddof: 1, resize: "bilinear" } } as const;
const psnr = { id: "psnr", better: "higher", protocol: { protocol: "skimage" }, unit: "dB" } as const;
const samples = { real: 500, fake: 500 };

function report(scores: Score[], sha256 = "a"): Report {
	return {
		schema: "fovea-report/1",
		created: "2026-01-01T00:00:00.000Z",
		fovea: "0.1.0",
		engine: { name: "wasm", version: "4" },
		seed: 0,
		inputs: { reference: { path: "set", count: 3, sha256 } },
		scores,
	};
}

const fidOf = (value: number, spread?: number) =>
	score(fid, value, { samples, ...(spread === undefined ? {} : { spread }) });
const verdict = (before: Score, now: Score, tolerances = {}) =>
	check(report([now]), baselineOf(report([before]), {}), { tolerances }).rows[0];

test("a change passes unless it is worse by more than tolerance and chance both", (t) => {
	const zero = { fid: { absolute: 0, relative: 0 } };
	t.true(verdict(fidOf(10, 0.3), fidOf(9, 0.3), zero)?.pass, "better");
	t.true(verdict(fidOf(10, 0.3), fidOf(10.5, 0.3), zero)?.pass, "within chance");
	t.false(verdict(fidOf(10, 0.3), fidOf(12, 0.3), zero)?.pass, "beyond chance");
	t.true(verdict(fidOf(10, 0.3), fidOf(12, 0.3), { fid: { absolute: 3 } })?.pass, "within the tolerance");
	t.true(verdict(fidOf(10, 0.3), fidOf(12, 0.3), { "*": { relative: 0.3 } })?.pass, "within 30 %");
	const row = verdict(fidOf(10, 0.3), fidOf(12, 0.4), zero);
	t.deepEqual([row?.change, row?.spread, row?.allowed], [2, 0.5, chance * 0.5]);
});

test("higher is better where the metric says so", (t) => {
	const of = (value: number) => score(psnr, value, { samples, spread: 0.1 });
	t.true(verdict(of(30), of(33))?.pass);
	t.false(verdict(of(30), of(27))?.pass);
});

test("without any spread the tolerance alone decides, and the row says so", (t) => {
	const row = verdict(fidOf(10), fidOf(10.5));
	t.false(row?.pass);
	t.regex(row?.why ?? "", /no spread is known/);
	t.true(verdict(fidOf(10), fidOf(10.05))?.pass, "within the usual 1 %");
});

test("values of the same pairs are compared pair by pair", (t) => {
	const of = (perImage: number[]) =>
		score(psnr, perImage.reduce((a, b) => a + b) / 3, { samples, perImage, spread: 5 });
	const zero = { psnr: { absolute: 0, relative: 0 } };
	// The pictures differ much, the change is the same on all of them: chance of the pictures does not explain it.
	const [before, now] = [of([20, 30, 40]), of([19, 29.01, 38.99])];
	t.false(verdict(before, now, zero)?.pass);
	const other = check(report([now], "b"), baselineOf(report([before], "a"), {}), { tolerances: zero });
	t.true(other.pass, "other reference pictures are not paired");
});

test("another protocol is refused, and the part that differs is named", (t) => {
	const other = score({ ...fid, protocol: { ...fid.protocol, resize: "bicubic" } }, 10, { samples });
	t.throws(() => verdict(fidOf(10), other), {
		message: 'fid: values of two protocols do not compare: resize must be "bilinear", got "bicubic"',
	});
});

test("a direction that was turned round is refused: what is worse would count as better", (t) => {
	const turned = { ...fidOf(10), better: "higher" } as const;
	t.throws(() => verdict(turned, fidOf(30)), {
		message: 'fid: better must be "lower", as the report\'s, got "higher"',
	});
});

test("sets of other sizes are refused; another real set and too small a tolerance are noted", (t) => {
	const smaller = score(fid, 10, { samples: { real: 500, fake: 60 } });
	t.throws(() => verdict(fidOf(10), smaller), {
		message: "fid: values of sets of other sizes do not compare: fake must hold 500 as the baseline's, got 60",
	});
	const notes = (sha256: string, tolerances: Record<string, object>) =>
		check(report([fidOf(10, 0.3)], sha256), baselineOf(report([fidOf(10, 0.4)], "a"), {}), { tolerances }).notes;
	t.deepEqual(notes("a", {}), []);
	t.deepEqual(notes("b", {}), ["the reference set is not the baseline's: a change may come from there"]);
	t.deepEqual(notes("a", { fid: { relative: 0.2 } }), []);
	// 90 % of normal changes lie above 1.69 deviations where the change is 1.69 + 1.2816 deviations: 0.5 · 2.9716; 0.1 takes
	// 500 · (1.4858 / 0.1)² = 110,400 samples.
	t.deepEqual(notes("a", { fid: { relative: 0.01 } }), [
		"fid: 500 samples show a change of 1.5 in 90 % of runs; the tolerance of 0.1 takes about 110000",
	]);
});

test("a missing score and NaN fail; a new score passes and is named", (t) => {
	const gone = check(report([]), baselineOf(report([fidOf(10)]), {}));
	t.false(gone.pass);
	t.is(gone.rows[0]?.why, "missing from the report");
	t.false(verdict(fidOf(10, 1), fidOf(Number.NaN))?.pass);
	const fresh = check(report([fidOf(10)]), baselineOf(report([]), {}));
	t.true(fresh.pass);
	t.regex(fresh.rows[0]?.why ?? "", /not in the baseline/);
	const infinite = score(psnr, Number.POSITIVE_INFINITY, { samples });
	t.true(verdict(infinite, infinite)?.pass);
	t.false(verdict(infinite, score(psnr, 40, { samples }))?.pass);
});

test("an unchanged metric fails in at most 5 % of runs, and three spreads are caught in at least 90 %", (t) => {
	const random = Random.seed(7);
	const zero = { fid: { absolute: 0, relative: 0 } };
	const runs = 20_000;
	const spread = Math.SQRT1_2; // of each side, so that the change has spread 1
	const failures = (shift: number): number => {
		let failed = 0;
		for (let run = 0; run < runs; run += 1) {
			const [before, now] = [100 + spread * random.normal(), 100 + shift + spread * random.normal()];
			if (verdict(fidOf(before, spread), fidOf(now, spread), zero)?.pass === false) failed += 1;
		}
		return failed / runs;
	};
	// By the normal distribution 4.55 % and 90.5 %; 20,000 runs know a share near 0.05 to 0.15 %, near 0.9 to 0.21 %.
	t.true(failures(0) <= 0.05);
	t.true(failures(3) >= 0.9);
});

test("a report survives JSON with its infinities, and another schema is refused", (t) => {
	const one = report([score(psnr, Number.POSITIVE_INFINITY, { samples, spread: Number.NaN })]);
	t.deepEqual(parseReport(JSON.parse(reportJson(one)), "r.json"), one);
	t.throws(() => parseReport({ schema: "fovea-report/9" }, "r.json"), {
		message: "r.json: schema must be fovea-report/1, got fovea-report/9",
	});
	t.throws(() => parseReport({ ...one, scores: [{ metric: "fid" }] }, "r.json"), { message: /^r.json: scores.0/ });
	t.throws(() => parseReport({ ...one, scores: [] }, "r.json"), { message: /^r.json: scores must be as in/ });
	t.throws(() => parseReport(report([fidOf(1), fidOf(2)]), "r.json"), {
		message: "r.json: scores must differ, got fid twice under one protocol",
	});
	const edited = { ...fidOf(1), protocol: { ...fid.protocol, ddof: 0 } };
	t.throws(() => parseReport(report([edited]), "r.json"), {
		message: "r.json: scores.0.fingerprint must be that of fid and its protocol, got another: the file was edited",
	});
});

test("Markdown stays below GitHub's limit and keeps what failed; JUnit escapes its text", (t) => {
	const many = Array.from({ length: 3000 }, (_, at) =>
		score({ ...fid, id: `m${at}`, protocol: { at } }, at === 2999 ? 20 : 10, { samples, spread: 0.1 }),
	);
	const before = many.map((one) => ({ ...one, value: 10 }));
	const result = check(report(many), baselineOf(report(before), {}));
	const markdown = checkMarkdown(result);
	t.true(markdown.length < 65_536);
	t.regex(markdown, /m2999.*FAIL/);
	const all = check(report(many.map((one) => ({ ...one, value: 20 }))), baselineOf(report(before), {}));
	t.regex(checkMarkdown(all), /3000 of 3000 failed/, "the rows that were cut are counted");
	t.regex(markdown, /2999 more rows/);
	const odd = check(report([]), baselineOf(report([score({ ...fid, id: 'a<b>&"c"' }, 1, { samples })]), {}));
	t.regex(checkJunit(odd), /name="a&lt;b&gt;&amp;&quot;c&quot;"/);
	t.regex(checkJunit(odd), /tests="1" failures="1"/);
	const lines = check(report([]), baselineOf(report([score({ ...fid, id: "a\nb|c<d" }, 1, { samples })]), {}));
	t.regex(checkMarkdown(lines), /^\| a b\\\|c&lt;d \|/m, "a name with a line break stays in its row");
});

/** The attributes that JUnit.xsd of Ant or junit-10.xsd of Jenkins call required, and Ant's order of elements. */
const required = {
	testsuite: [..."id package name tests failures errors time timestamp hostname".split(" ")],
	testcase: ["classname", "name", "time"],
	failure: ["type"],
	error: ["type"],
};

test("JUnit has every attribute and element that the schemas of Ant and Jenkins require", (t) => {
	const zero = { fid: { absolute: 0, relative: 0 } };
	const result = check(
		report([fidOf(12, 0.1), score(psnr, 30, { samples })]),
		baselineOf(report([fidOf(10, 0.1)]), {}),
		{
			tolerances: zero,
		},
	);
	for (const xml of [checkJunit(result), checkJunit({ ...result, rows: [], pass: true }), refusalJunit("why <&>")]) {
		for (const [element, names] of Object.entries(required)) {
			for (const [, text = ""] of xml.matchAll(new RegExp(`<${element} ([^>]*)>`, "g"))) {
				for (const name of names) t.regex(text, new RegExp(`(^| )${name}="`), `${element} ${name}`);
			}
		}
		t.regex(
			xml,
			/^<\?xml .*\?>\n<testsuites>\n\t<testsuite [^>]*timestamp="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"[^>]*>\n\t\t<properties\/>\n(\t\t<testcase [\s\S]*)?\t\t<system-out>[^<]*<\/system-out>\n\t\t<system-err\/>\n\t<\/testsuite>\n<\/testsuites>\n$/,
		);
	}
});

test("a baseline that was rewritten fails in JUnit too", (t) => {
	const same = check(report([fidOf(10)]), baselineOf(report([fidOf(10)]), {}));
	t.regex(checkJunit(same), /tests="1" failures="0"/);
	const rewritten = checkJunit({ ...same, pass: false });
	t.regex(rewritten, /tests="2" failures="1"/);
	t.regex(rewritten, /name="baseline" time="0">\n\t\t\t<failure type="rewritten" message="the baseline was rewritten/);
});
