/** Decoded pictures kept for later epochs, by data set. The first to come stay: in random order no choice is hit more often. */
const caches = new WeakMap<object, { bytes: number; readonly examples: Map<string, unknown> }>();

/** What `read` gave for this key of this owner, or what it gives now; kept while all together are below `limit` bytes. */
export async function readCached<Example>(
	owner: object,
	key: string,
	limit: number,
	read: () => Promise<Example>,
	sizeOf: (example: Example) => number,
): Promise<Example> {
	const cache = caches.get(owner) ?? { bytes: 0, examples: new Map<string, unknown>() };
	caches.set(owner, cache);
	// Only what `read` gave for the same key was put there.
	const found = cache.examples.get(key) as Example | undefined;
	if (found !== undefined) return found;
	const example = await read();
	const bytes = sizeOf(example);
	if (cache.bytes + bytes <= limit && !cache.examples.has(key)) {
		cache.bytes += bytes;
		cache.examples.set(key, example);
	}
	return example;
}
