import test from "ava";
import { didYouMean } from "../../harness/suggest.ts";

test("a slip gets its correction", (t) => {
	t.is(didYouMean("Black_hair", ["Bald", "Black_Hair"]), "Black_hair, did you mean Black_Hair?");
	t.is(didYouMean("celaba", ["faces", "celeba"]), "celaba, did you mean celeba?");
});

test("a name unlike all others gets none", (t) => {
	t.is(didYouMean("imagenet", ["faces", "celeba"]), "imagenet");
	t.is(didYouMean("x", []), "x");
});
