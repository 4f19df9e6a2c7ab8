/** An upstream that answers at once and costs next to nothing, in a process of its own. */
import { createServer } from "node:http";
import { answerParts } from "./answer-parts.ts";

const server = createServer((request, response) => answerParts(request, response, '{"items":[]}'));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.(`http://127.0.0.1:${address.port}`);
});
