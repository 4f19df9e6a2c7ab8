import { EndcapError, type Principal, type Scope } from "@endcap/protocol";

/** Whether a secret key may do this. Browser principals hold no scopes: what they may do is fixed by route. */
export function hasScope(principal: Principal, scope: Scope): boolean {
  return principal.auth === "sk" && principal.scope.includes(scope);
}

/** @throws EndcapError `scope_missing` */
export function requireScope(principal: Principal, scope: Scope): void {
  if (!hasScope(principal, scope)) throw new EndcapError("scope_missing", { detail: `This needs the scope ${scope}` });
}
