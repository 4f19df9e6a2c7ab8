import type { FastifyReply, FastifyRequest } from "fastify";
import { cookieNames, cookieOptions } from "./cookies.ts";

export interface User {
  id: string;
  name: string;
}

/** The signed-in shopper, from a cookie that only this shop can have signed. */
export function readUser(request: FastifyRequest): User | undefined {
  const cookie = request.cookies[cookieNames.user];
  if (cookie === undefined) return undefined;
  const { valid, value } = request.unsignCookie(cookie);
  if (!valid) return undefined;
  const [id, name] = value.split("~");
  return id === undefined || name === undefined ? undefined : { id, name: decodeURIComponent(name) };
}

export function signIn(reply: FastifyReply, user: User): void {
  reply.setCookie(cookieNames.user, `${user.id}~${encodeURIComponent(user.name)}`, { ...cookieOptions, signed: true });
}

export function signOut(reply: FastifyReply): void {
  reply.clearCookie(cookieNames.user, { path: "/" });
}
