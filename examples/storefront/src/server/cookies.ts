/** The shop's cookies: all its own, none readable by scripts. */
export const cookieNames = { basket: "tt_basket", user: "tt_user", justOrdered: "tt_ordered" };
export const cookieOptions = { path: "/", httpOnly: true, sameSite: "lax", maxAge: 90 * 86_400 } as const;
