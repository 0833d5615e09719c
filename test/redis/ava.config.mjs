/** The tests against a real Redis server: `npm run test:redis`. They need redis-server (`apt-get install redis-server`). */
export default {
	files: ["build/test/redis/**/*.js"],
	workerThreads: false,
	concurrency: 1,
	timeout: "5m",
};
