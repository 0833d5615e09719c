import test from "ava";
import { commandOf } from "../../harness/experiment-report.ts";

const command = (data: string) => commandOf("sag-gan", { preset: "laptop", out: "out", data });

test("the command of a report keeps what was chosen of a set, and names no folder of the machine", (t) => {
	t.is(commandOf("sag-gan", { preset: "smoke", out: "out" }), "fovea reproduce sag-gan --preset smoke");
	for (const [given, kept] of [
		["brats", "brats"],
		["brats:modalities=0", "brats:modalities=0"],
		["brats:/data/brats,modalities=0+2,fraction=0.125", "brats:modalities=0+2,fraction=0.125"],
		["celeba:/faces,size=64", "celeba:size=64"],
		["classes:no=/a,yes=/b", "classes"],
		["classes:no=C:\\a,yes=C:\\b,size=64", "classes:size=64"],
		["celeba/8:size=128", "celeba/8:size=128"],
	] as const) {
		t.is(command(given), `fovea reproduce sag-gan --preset laptop --data ${kept}`);
	}
});
