/** A parent to be killed: starts the demo service as its child and says the child's pid and URL. */
import { fork } from "node:child_process";

const [script = ""] = process.argv.slice(2);
const child = fork(script, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
child.on("message", (message) => process.stdout.write(`${JSON.stringify({ pid: child.pid, message })}\n`));
