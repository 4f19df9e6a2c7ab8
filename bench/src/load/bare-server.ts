/** The baseline: a Fastify route that reads a JSON body and answers a constant. Started as a process of its own. */
import { fastify } from "fastify";

const app = fastify({ logger: false });
const answer = { accepted: 1, duplicates: 0, rejected: [] };
app.post("/", (_request, reply) => reply.code(202).send(answer));
const url = await app.listen({ host: "127.0.0.1", port: 0 });
process.send?.({ url });
process.on("disconnect", () => process.exit(0));
