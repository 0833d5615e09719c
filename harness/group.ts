/** Items by key, in order of appearance; `Map.groupBy`, which Node 20 lacks. */
export function groupBy<Item, Key>(items: readonly Item[], key: (item: Item) => Key): Map<Key, Item[]> {
	const groups = new Map<Key, Item[]>();
	for (const item of items) {
		const own = groups.get(key(item));
		if (own === undefined) groups.set(key(item), [item]);
		else own.push(item);
	}
	return groups;
}
