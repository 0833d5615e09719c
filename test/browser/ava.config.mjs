/** The tests in a real browser: `npm run test:browser`. They need Chromium (`apt-get install chromium`) and fail without it. */
export default {
	files: ["build/test/browser/**/*.js"],
	workerThreads: false,
	concurrency: 1,
	timeout: "5m",
};
