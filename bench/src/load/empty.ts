/** A Node process that does nothing: what any Node service costs before its first line. */
process.send?.("ready");
process.on("disconnect", () => process.exit(0));
setInterval(() => undefined, 60_000);
