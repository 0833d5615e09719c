/** The queue that a sweep and its workers share: BullMQ on Redis, which are asked for only here. */
import type { ConnectionOptions } from "bullmq";
import type { TrainingResult } from "../training-run.ts";
import type { SweepJob } from "./plan.ts";

/** A job on its way: without a folder, which each worker has for itself. */
export type QueuedJob = Omit<SweepJob, "out">;

/** What a worker gives back. */
export interface QueuedResult extends TrainingResult {
	/** Name of the machine, and the folder there. */
	readonly host: string;
	readonly folder: string;
}

/** Without a sign of life for so long, a worker's job goes to another one. */
export const lockDuration = 10_000;

export interface Redis {
	readonly bullmq: typeof import("bullmq");
	readonly connection: ConnectionOptions;
}

/** Loads BullMQ and finds the server. Throws in one line where either is missing; `command` names the asker. */
export async function connectRedis(command: string, address: string): Promise<Redis> {
	const url = URL.canParse(address) ? new URL(address) : undefined;
	if (url === undefined || !/^rediss?:$/.test(url.protocol)) {
		throw new RangeError(`${command}: --redis must be an address such as redis://127.0.0.1:6379, got ${address}`);
	}
	const { bullmq, ioredis } = await packages(command);
	const place = `${url.hostname}:${url.port || 6379}`;
	const probe = new ioredis.Redis(address, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 5_000 });
	let problem = "";
	probe.on("error", (error: NodeJS.ErrnoException) => {
		problem = error.code ?? error.message;
	});
	try {
		await probe.connect();
		await probe.ping();
	} catch (cause) {
		const got = problem || (cause as Error).message;
		throw new Error(`${command}: --redis must name a Redis server that answers, got ${got} from ${place}`, { cause });
	} finally {
		probe.disconnect();
	}
	return { bullmq, connection: { url: address, maxRetriesPerRequest: null } };
}

async function packages(command: string) {
	try {
		return { bullmq: await import("bullmq"), ioredis: await import("ioredis") };
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
		throw new Error(
			`${command}: --redis needs the packages bullmq and ioredis, got none; run npm install bullmq ioredis`,
			{
				cause,
			},
		);
	}
}
