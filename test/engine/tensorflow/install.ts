import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { kernelsPath } from "../../../engine/tensorflow/native.ts";
import { type FoveaOptions, fovea, type Outcome } from "../../helpers/fovea.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";
import { smallTensorflow, wheelOf } from "../../helpers/wheels.ts";

/*
 * The installer runs for real, in a process of its own, with an empty cache and a PATH that holds nothing but small programs
 * written here: what Python, pip, npm and the compiler do to it is what the real ones can do.
 */

/** A Python whose pip copies the wheel beside it; each download is noted, so that they can be counted. */
const python = `#!/bin/sh
here=$(/usr/bin/dirname "$0")
case "$*" in
*version_info*) echo 3 ;;
*find_spec*) echo ;;
*"pip --version"*) echo pip 24 ;;
*"pip download"*)
	echo started >>"$here/downloads.log"
	while [ "$1" != --dest ]; do shift; done
	eval "$PIP_DOES"
	/bin/cp "$here/wheel" "$2/tensorflow_cpu-2.21.0-cp312-cp312-linux.whl" ;;
esac
`;
const succeed = "#!/bin/sh\nexit 0\n";
const failingCompiler = "#!/bin/sh\necho 'tfjs_backend.cc:1: error: no such thing' >&2\nexit 1\n";

class World {
	readonly cache: string;
	readonly bin: string;

	constructor(folder: string) {
		this.cache = join(folder, "cache");
		this.bin = join(folder, "bin");
	}

	get engines(): string {
		return join(this.cache, "engine");
	}

	async program(name: string, text: string): Promise<void> {
		await writeFile(join(this.bin, name), text);
		await chmod(join(this.bin, name), 0o755);
	}

	async downloads(): Promise<number> {
		const log = await readFile(join(this.bin, "downloads.log"), "utf8").catch(() => "");
		return log.split("\n").length - 1;
	}

	install(words: readonly string[] = [], options: FoveaOptions = {}): Promise<Outcome> {
		const environment = { FOVEA_CACHE: this.cache, PATH: this.bin, CXX: undefined, ...options.environment };
		return fovea(["engine", "install", ...words], { ...options, environment });
	}
}

async function newWorld(t: ExecutionContext, without: readonly string[] = []): Promise<World> {
	const world = new World(await temporaryFolder(t));
	await mkdir(world.bin);
	await writeFile(join(world.bin, "wheel"), wheelOf(smallTensorflow));
	const programs = { python3: python, npm: succeed, "c++": failingCompiler };
	for (const [name, text] of Object.entries(programs)) if (!without.includes(name)) await world.program(name, text);
	return world;
}

/** One line on stderr after what was said on the way, exit code 2, nothing on stdout, and no engine left behind. */
function refused(t: ExecutionContext, world: World, outcome: Outcome, message: RegExp): void {
	t.is(outcome.code, 2, outcome.stderr);
	t.is(outcome.stdout, "");
	t.regex(outcome.stderr.trimEnd().split("\n").at(-1) as string, message);
	t.false(existsSync(join(world.engines, "current")));
	t.false(existsSync(join(world.engines, "lock")));
}

const missing: readonly (readonly [string, RegExp])[] = [
	["c++", /C\+\+ compiler must be on PATH, got none; fix: apt-get install g\+\+/],
	["python3", /Python 3 with pip must be on PATH .* got none; fix: apt-get install python3 python3-pip/],
	["npm", /npm must be on PATH, got none; fix/],
];
for (const [name, message] of missing) {
	test(`without ${name} the installer names it and its fix`, async (t) => {
		const world = await newWorld(t, [name]);
		refused(t, world, await world.install(), message);
	});
}

test("a Python without pip is named with its fix", async (t) => {
	const world = await newWorld(t);
	await world.program(
		"python3",
		'#!/bin/sh\ncase "$*" in *version_info*) echo 3 ;; *pip*) echo "No module named pip" >&2; exit 1 ;; esac\n',
	);
	refused(
		t,
		world,
		await world.install(),
		/pip must work .* got: No module named pip; fix: apt-get install python3-pip/,
	);
});

test("a registry that npm cannot reach is named", async (t) => {
	const world = await newWorld(t);
	const failing =
		"echo 'npm error code ENOTFOUND\nnpm error network request to https://registry.example failed' >&2; exit 1";
	await world.program("npm", `#!/bin/sh\n${failing}\n`);
	const message =
		/npm must install @tensorflow\/tfjs-node@4\.22\.0, got: npm error network request to https:\/\/registry\.example failed/;
	refused(t, world, await world.install(), message);
});

test("Python 2 is not taken for Python 3", async (t) => {
	const world = await newWorld(t, ["python3"]);
	await world.program("python", "#!/bin/sh\necho 2\n");
	refused(t, world, await world.install(), /Python 3 with pip must be on PATH/);
});

test("a download that breaks off leaves nothing that a later run could take for whole", async (t) => {
	const world = await newWorld(t);
	const broken = { PIP_DOES: 'echo half >"$2/tensorflow_cpu-2.21.0.whl"; echo "ERROR: connection broken" >&2; exit 1' };
	refused(
		t,
		world,
		await world.install([], { environment: broken }),
		/downloadable with pip, got: ERROR: connection broken/,
	);
	t.deepEqual(await readdir(join(world.engines, "downloads")), []);
});

test("a damaged wheel is fetched once more, then refused and not kept", async (t) => {
	const world = await newWorld(t);
	const whole = wheelOf(smallTensorflow);
	await writeFile(join(world.bin, "wheel"), whole.subarray(0, whole.length / 2));
	const outcome = await world.install();
	refused(t, world, outcome, /must be a whole zip archive/);
	t.regex(outcome.stderr, /fetching it once more/);
	t.is(await world.downloads(), 2);
	t.false(existsSync(join(world.engines, "downloads")));
	t.false(existsSync(join(world.engines, "staging", "site")));
});

test("what a failed run had unpacked is not downloaded again", async (t) => {
	const world = await newWorld(t);
	refused(t, world, await world.install(), /compile quiet\.node, got: tfjs_backend\.cc:1: error: no such thing/);
	refused(t, world, await world.install(), /compile quiet\.node/);
	t.is(await world.downloads(), 1);
});

test("a killed run is taken over by the next one", async (t) => {
	const world = await newWorld(t);
	const slow = { PIP_DOES: 'echo half >"$2/tensorflow_cpu-2.21.0-half.whl"; exec /bin/sleep 30' };
	const killed = await world.install([], {
		environment: slow,
		watch: (stderr, kill) => {
			if (stderr.includes("downloading")) kill("SIGKILL");
		},
	});
	t.is(killed.code, null);
	t.true(existsSync(join(world.engines, "lock")));
	const next = await world.install();
	t.regex(next.stderr, /unpacking tensorflow_cpu-2\.21\.0-cp312-cp312-linux\.whl/);
	refused(t, world, next, /compile quiet\.node/);
});

test("an interrupted run ends with 130 and frees its lock", async (t) => {
	const world = await newWorld(t);
	let sent = false;
	const outcome = await world.install([], {
		environment: { PIP_DOES: "exec /bin/sleep 30" },
		watch: (stderr, kill) => {
			if (!sent && stderr.includes("downloading")) kill("SIGINT");
			sent ||= stderr.includes("downloading");
		},
	});
	t.is(outcome.code, 130, outcome.stderr);
	t.false(existsSync(join(world.engines, "lock")));
	t.false(existsSync(join(world.engines, "current")));
});

test("an addon that does not load is not put in place", async (t) => {
	const world = await newWorld(t);
	const compiler = '#!/bin/sh\nfor last in "$@"; do :; done\necho nothing >"$last"\n';
	await world.program("c++", compiler);
	refused(t, world, await world.install(), /addon must load and multiply, got/);
});

const from: readonly (readonly [string, (folder: string) => Promise<unknown>, RegExp])[] = [
	["a path that is not there", async () => undefined, /--from must be a folder or a wheel, got .*, which is not there/],
	[
		"a folder without the libraries",
		(path) => mkdir(path),
		/--from must hold libtensorflow_cc\.so\.2, .* got .*, which does not/,
	],
	["a file that is no wheel", (path) => writeFile(path, "x"), /--from must be a folder or a \.whl file/],
];
for (const [name, make, message] of from) {
	test(`--from with ${name} is refused`, async (t) => {
		const world = await newWorld(t);
		const path = join(world.bin, "given");
		await make(path);
		refused(t, world, await world.install(["--from", path]), message);
	});
}

test("a wheel given by --from is used without Python and is not deleted when it is damaged", async (t) => {
	const world = await newWorld(t, ["python3"]);
	const path = join(world.bin, "given.whl");
	await writeFile(path, wheelOf(smallTensorflow, "tensorflow/libtensorflow_cc.so.2"));
	refused(t, world, await world.install(["--from", path]), /the file is damaged/);
	t.true(existsSync(path));
	await writeFile(path, wheelOf(smallTensorflow));
	refused(t, world, await world.install(["--from", path]), /compile quiet\.node/);
});

test("an installed package whose library is not what pip noted is refused", async (t) => {
	const world = await newWorld(t);
	const site = join(world.bin, "site-packages");
	await mkdir(join(site, "tensorflow", "include"), { recursive: true });
	await mkdir(join(site, "tensorflow-2.21.0.dist-info"));
	for (const name of ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"]) {
		await writeFile(join(site, "tensorflow", name), "torn");
	}
	await writeFile(
		join(site, "tensorflow-2.21.0.dist-info", "RECORD"),
		"tensorflow/libtensorflow_cc.so.2,sha256=AAAA,4\n",
	);
	refused(
		t,
		world,
		await world.install(["--from", site]),
		/must have the hash pip noted, got another; fix: reinstall tensorflow/,
	);
});

/** A finished installation, as far as a look at its files can tell. */
async function installed(world: World): Promise<string> {
	const folder = join(world.engines, "current");
	await mkdir(join(folder, "site", "tensorflow"), { recursive: true });
	const path = "site/tensorflow/libtensorflow_cc.so.2";
	const libraries = [];
	for (const name of [path, basename(kernelsPath(folder))]) {
		await writeFile(join(folder, name), "library");
		const { size, mtimeMs } = await stat(join(folder, name));
		libraries.push({ path: name, bytes: size, modified: Math.floor(mtimeMs) });
	}
	const manifest = {
		schema: "fovea-engine/1",
		tensorflow: "2.21.0",
		tfjsNode: "4.22.0",
		device: "cpu",
		source: "here",
		libraries,
	};
	await writeFile(join(folder, "engine.json"), JSON.stringify(manifest));
	return join(folder, path);
}

test("an engine that is installed is not built again, whatever is missing by now", async (t) => {
	const world = await newWorld(t, ["python3", "npm", "c++"]);
	await installed(world);
	const outcome = await world.install(["--json"]);
	t.is(outcome.code, 0, outcome.stderr);
	t.is(JSON.parse(outcome.stdout).version, "2.21.0");
	t.is(outcome.stderr, "");
});

test("an engine whose library has changed is not used, and named", async (t) => {
	const world = await newWorld(t);
	const library = await installed(world);
	await writeFile(library, "another library");
	const environment = { FOVEA_CACHE: world.cache, FOVEA_ENGINE: "tensorflow" };
	const outcome = await fovea(["engine"], { environment });
	t.is(outcome.code, 2);
	t.regex(
		outcome.stderr,
		/libtensorflow_cc\.so\.2 has changed since the engine was built; run npx fovea engine install\n$/,
	);
});

test("remove deletes the engine and says whether there was one", async (t) => {
	const world = await newWorld(t);
	await installed(world);
	const environment = { FOVEA_CACHE: world.cache };
	t.deepEqual(JSON.parse((await fovea(["engine", "remove", "--json"], { environment })).stdout), { removed: true });
	t.deepEqual(await readdir(world.engines), []);
	t.deepEqual(JSON.parse((await fovea(["engine", "remove", "--json"], { environment })).stdout), { removed: false });
});
