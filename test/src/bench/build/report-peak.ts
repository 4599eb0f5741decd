/** Loaded beside a measured command: says at its end how much memory it had at most. */
process.on('exit', () => {
  process.stderr.write(`peak_rss_kb=${process.resourceUsage().maxRSS}\n`);
});
