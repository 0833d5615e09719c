import { createHash } from "node:crypto";
import { zipSync } from "fflate";

/** A small wheel with the given files and a RECORD of their hashes; `lie` names one whose recorded hash is another. */
export function wheelOf(files: Readonly<Record<string, Uint8Array>>, lie?: string): Uint8Array {
	const lines = Object.entries(files).map(([name, bytes]) => {
		const hashed = name === lie ? Buffer.from("something else") : bytes;
		return `${name},sha256=${createHash("sha256").update(hashed).digest("base64url")},${bytes.length}`;
	});
	const record = `${lines.join("\n")}\ntensorflow_cpu-2.21.0.dist-info/RECORD,,\n`;
	return zipSync({ ...files, "tensorflow_cpu-2.21.0.dist-info/RECORD": Buffer.from(record) });
}

/** What the installer takes from TensorFlow's wheel, in miniature. */
export const smallTensorflow: Readonly<Record<string, Uint8Array>> = {
	"tensorflow/libtensorflow_cc.so.2": Buffer.alloc(300_000, "cc"),
	"tensorflow/libtensorflow_framework.so.2": Buffer.alloc(100_000, "framework"),
	"tensorflow/include/tensorflow/c/c_api.h": Buffer.from("// the C API\n"),
	"tensorflow/python/large.py": Buffer.alloc(50_000, "not wanted"),
};
