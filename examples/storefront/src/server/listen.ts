import type { FastifyInstance } from "fastify";

export class PortInUse extends Error {}

/** Listens and answers the origin. A taken port is the one fault a user can mend, so it gets a sentence of its own. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
      throw new PortInUse(
        `Port ${port} is in use: stop what listens there, or choose another with --shop-port (ENDCAP_SHOP_PORT).`,
      );
    }
    throw error;
  }
}
