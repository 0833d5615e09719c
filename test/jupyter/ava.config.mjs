/** The tests against Jupyter's own tools: `npm run test:jupyter`. They need what `.ci/jupyter` installs. */
export default {
	files: ["build/test/jupyter/**/*.js"],
	workerThreads: false,
	concurrency: 2,
	timeout: "5m",
};
