import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type TypeScript from "typescript";
import ts from "./typescript.ts";

const kernelFolder = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

function nodeTypesFolder(): string {
	return path.dirname(path.dirname(require.resolve("@types/node/package.json")));
}

/** Where this package's own modules are, for completion of their names; a notebook folder's own copy goes first. */
function ownPackage(folder: string): Record<string, string[]> {
	const root = path.join(kernelFolder, "..", "..");
	const { name, exports } = require(path.join(root, "package.json")) as {
		name: string;
		exports: Record<string, string>;
	};
	if (ts.sys.fileExists(path.join(folder, "node_modules", name, "package.json"))) return {};
	const modules = Object.entries(exports).filter(([, target]) => target.endsWith(".js"));
	return Object.fromEntries(
		modules.map(([key, target]) => [name + key.slice(1), [path.join(root, target.slice(0, -".js".length))]]),
	);
}

/** The notebook folder's tsconfig.json, with what a cell needs on top. */
export function readOptions(folder: string): TypeScript.CompilerOptions {
	const configPath = ts.findConfigFile(folder, ts.sys.fileExists);
	const fromFile = configPath
		? ts.getParsedCommandLineOfConfigFile(configPath, {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} })
				?.options
		: undefined;
	const { lib: _lib, types, typeRoots = [], ...chosen } = fromFile ?? {};
	const base = (fromFile?.pathsBasePath as string | undefined) ?? fromFile?.baseUrl ?? folder;
	const own = Object.entries(fromFile?.paths ?? {}).map(([name, targets]) => [
		name,
		targets.map((target) => path.resolve(base, target)),
	]);
	return {
		strict: true,
		jsx: ts.JsxEmit.React,
		...chosen,
		paths: { ...ownPackage(folder), ...Object.fromEntries(own) },
		lib: fromFile?.lib ?? ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", "lib.esnext.collection.d.ts"],
		types: [...new Set(["node", ...(types ?? [])])],
		typeRoots: [...typeRoots, path.join(folder, "node_modules", "@types"), nodeTypesFolder()],
		target: ts.ScriptTarget.ES2022,
		module: ts.ModuleKind.ESNext,
		moduleResolution: ts.ModuleResolutionKind.Bundler,
		moduleDetection: ts.ModuleDetectionKind.Force,
		esModuleInterop: true,
		resolveJsonModule: true,
		allowImportingTsExtensions: true,
		allowJs: true,
		checkJs: false,
		skipLibCheck: true,
		noEmit: false,
		emitDeclarationOnly: false,
		declaration: false,
		composite: false,
		incremental: false,
		isolatedModules: false,
		verbatimModuleSyntax: false,
		erasableSyntaxOnly: false,
		rewriteRelativeImportExtensions: false,
		noUnusedLocals: false,
		noUnusedParameters: false,
		removeComments: false,
		sourceMap: true,
		inlineSourceMap: false,
		inlineSources: false,
		outDir: "/",
		rootDir: "/",
		newLine: ts.NewLineKind.LineFeed,
	};
}
