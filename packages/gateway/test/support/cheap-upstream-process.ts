/** An upstream that answers at once and costs next to nothing, in a process of its own. */
import { createServer } from "node:http";

const server = createServer((request, response) => {
  request.resume().once("end", () => response.setHeader("content-type", "application/json").end('{"items":[]}'));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.(`http://127.0.0.1:${address.port}`);
});
