/**
 * What an attacker, a broken proxy or a cosmic ray may do to a request. `forged` mutations change what a signature or a
 * capability covers: none of those may ever reach an upstream. `any` ones may get through, but then with every byte of
 * the payload as it was signed.
 */
import { marker } from "./marker.ts";
import { type Draft, textOf } from "./requests.ts";
import type { ShopKeys } from "./target.ts";

export interface Dice {
  /** An integer below `bound`. */
  below(bound: number): number;
  pick<T>(list: readonly T[]): T;
}

export interface Attack {
  readonly mutation: string;
  /** Latin-1. */
  readonly text: string;
  readonly forged: boolean;
}

interface Scene {
  readonly dice: Dice;
  readonly other: ShopKeys;
}

/** The number of every request that is smuggled behind another: nobody signed it. */
export const SMUGGLED = 999_999_999;

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function otherCharacter(text: string, at: number, { dice }: Scene): string {
  let other = dice.pick([...base64Alphabet]);
  if (other === text[at]) other = other === "A" ? "B" : "A";
  return text.slice(0, at) + other + text.slice(at + 1);
}

function withHeader(draft: Draft, name: string, change: (value: string) => string): Draft {
  return {
    ...draft,
    headers: draft.headers.map(([each, value]) => [each, each.toLowerCase() === name ? change(value) : value]),
  };
}

function withBody(draft: Draft, body: string): Draft {
  return withHeader({ ...draft, body }, "content-length", () => String(body.length));
}

const envelopeOf = (draft: Draft): string => draft.body.slice(0, draft.body.indexOf("\n"));
const withEnvelope = (draft: Draft, line: string): Draft =>
  withBody(draft, line + draft.body.slice(draft.body.indexOf("\n")));

/** Takes a draft of its kinds; `null`: nothing to change in this one. */
type Mutate = (draft: Draft, scene: Scene) => Draft | string | null;

const signed: readonly Draft["kind"][] = ["sk", "ec1"];
const server: readonly Draft["kind"][] = ["sk", "bearer"];
const browser: readonly Draft["kind"][] = ["ec1", "ep1"];
const all: readonly Draft["kind"][] = ["sk", "bearer", "ep1", "ec1"];

interface Mutation {
  readonly kinds: readonly Draft["kind"][];
  readonly forged: boolean;
  readonly mutate: Mutate;
}

const forged = (kinds: Mutation["kinds"], mutate: Mutate): Mutation => ({ kinds, forged: true, mutate });
const free = (kinds: Mutation["kinds"], mutate: Mutate): Mutation => ({ kinds, forged: false, mutate });

const rename = (draft: Draft, name: string) => ({ ...draft, headers: draft.headers.filter(([each]) => each !== name) });
const add = (draft: Draft, ...headers: [string, string][]): Draft => ({
  ...draft,
  headers: [...draft.headers, ...headers],
});

const framings: readonly (readonly [string, string][])[] = [
  [["Transfer-Encoding", "chunked"]],
  [["Transfer-Encoding", "xchunked"]],
  [["Transfer-Encoding", "chunked, identity"]],
  [["Transfer-Encoding", "identity"]],
  [["Transfer-Encoding", "\tchunked"]],
  [["Transfer-Encoding ", "chunked"]],
  [["Transfer-Encoding", "chunked\r\nTransfer-Encoding: x"]],
  [["Content-Length", "0"]],
  [["Content-Length", "+5"]],
  [["Content-Length", "5, 5"]],
  [["Content-Length", "0x10"]],
  [["Content-Length", "99999999999999999999"]],
  [["content_length", "0"]],
];

const identities: readonly [string, string][] = [
  ["endcap-principal", Buffer.from('{"tenant":"tnt-aaaaaaaaaaaaaaaa"}').toString("base64url")],
  ["Endcap-Principal", "x"],
  ["endcap_principal", "x"],
  ["X-Endcap-Tenant", "tnt-aaaaaaaaaaaaaaaa"],
  ["X-Forwarded-Host", "evil.example"],
  ["X-Original-URL", "/v1/items"],
  ["X-HTTP-Method-Override", "DELETE"],
  ["Forwarded", "for=127.0.0.1;host=evil"],
  ["Expect", "100-continue"],
  ["Upgrade", "h2c"],
  ["Content-Encoding", "gzip"],
  ["Range", "bytes=0-1"],
  ["__proto__", "x"],
];

const paths = [
  "/v1/items",
  "/v1/recommendations",
  "/v1/events",
  "/v1/shoppers/user/u",
  "/internal/v1/event-batches",
  "/",
];
const bombs = [
  "[".repeat(50_000),
  '{"a":'.repeat(20_000),
  '{"__proto__":{"tenant":"x"},"events":[]}',
  '{"constructor":{"prototype":{"x":1}}}',
  "\xff\xfe\x00\x00",
  `{"events":${"9".repeat(5_000)}}`,
  '"\ud800"'.replace("\ud800", "\xed\xa0\x80"),
];

const mutations: Readonly<Record<string, Mutation>> = {
  "signature, one character": forged(signed, (draft, scene) => {
    if (draft.kind === "sk") {
      return withHeader(draft, "signature", (value) => otherCharacter(value, 8 + scene.dice.below(42), scene));
    }
    const line = envelopeOf(draft);
    return withEnvelope(draft, otherCharacter(line, line.length - 1 - scene.dice.below(42), scene));
  }),
  "signature taken away": forged(["sk"], (draft) => rename(draft, "signature")),
  "signature input, one character": forged(["sk"], (draft, scene) =>
    withHeader(draft, "signature-input", (value) => otherCharacter(value, scene.dice.below(value.length), scene)),
  ),
  "payload, one character": forged(signed, (draft, scene) => {
    if (!draft.body) return null;
    const start = draft.kind === "ec1" ? draft.body.indexOf("\n") + 1 : 0;
    const at = start + scene.dice.below(draft.body.length - start);
    return withBody(draft, otherCharacter(draft.body, at, scene));
  }),
  "another tenant's key id": forged(["sk", "ec1"], (draft, { other }) =>
    draft.kind === "sk"
      ? withHeader(draft, "signature-input", (value) => value.replace(/sk_live_\w+/, other.signing.id))
      : withEnvelope(draft, envelopeOf(draft).replace(/^EC1 /, `EP1 ${other.publishable} `)),
  ),
  "another route than was signed": forged(signed, (draft, { dice }) => {
    const path = dice.pick(paths.filter((each) => each !== draft.path));
    return { ...draft, path };
  }),
  "another method than was signed": forged(signed, (draft, { dice }) => {
    const method = dice.pick(["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD"].filter((each) => each !== draft.method));
    return { ...draft, method };
  }),
  "a query that was not signed": forged(signed, (draft, { dice }) => ({
    ...draft,
    path: draft.path + dice.pick(["?", "?x=1", "?tenant=x", "%3F"]),
  })),
  "another host than was signed": forged(["sk"], (draft) => withHeader(draft, "host", () => "evil.example")),
  "another time than was signed": forged(signed, (draft, { dice }) => {
    const shift = (text: string) => String(Number(text) + dice.pick([-1, 1]) * (1 + dice.below(100)));
    if (draft.kind === "sk") {
      return withHeader(draft, "signature-input", (value) =>
        value.replace(/(created=)(\d+)/, (_all, name: string, seconds: string) => name + shift(seconds)),
      );
    }
    return withEnvelope(
      draft,
      envelopeOf(draft).replace(/ (\d+) /, (_all, ms: string) => ` ${shift(ms)} `),
    );
  }),
  "token, one character": forged(["ec1"], (draft, scene) =>
    withEnvelope(draft, otherCharacter(envelopeOf(draft), 4 + scene.dice.below(150), scene)),
  ),
  "another origin": forged(browser, (draft, { dice }) =>
    withHeader(draft, "origin", () =>
      dice.pick(["https://evil.example", "null", "https://shop.example.evil.example", "http://shop.example", ""]),
    ),
  ),
  "no origin": forged(browser, (draft) => rename(draft, "Origin")),
  "bearer, one character": forged(["bearer"], (draft, scene) =>
    withHeader(draft, "authorization", (value) =>
      otherCharacter(value, value.length - 1 - scene.dice.below(42), scene),
    ),
  ),
  "publishable key, one character": forged(["ep1"], (draft, scene) =>
    withEnvelope(draft, otherCharacter(envelopeOf(draft), 4 + scene.dice.below(30), scene)),
  ),
  "no credentials": forged(["sk", "bearer"], (draft) => ({
    ...draft,
    headers: draft.headers.filter(([name]) => !/^(signature|signature-input|authorization)$/i.test(name)),
  })),
  "envelope in a server's request": forged(server, (draft) =>
    draft.body ? withHeader(draft, "content-type", () => "text/plain;charset=UTF-8") : null,
  ),
  "an unsigned request smuggled behind": free(all, (draft) => {
    const body = `{"events":["${marker(SMUGGLED)}"]}`;
    const head = `POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    return `${textOf(draft)}${head}\r\n\r\n${body}`;
  }),
  "two framings": free(all, (draft, { dice }) => add(draft, ...dice.pick(framings))),
  "another length": free(all, (draft, { dice }) =>
    withHeader(draft, "content-length", (value) => String(Math.max(0, Number(value) + dice.below(9) - 4))),
  ),
  "identity headers": free(all, (draft, { dice }) => add(draft, dice.pick(identities), dice.pick(identities))),
  "a header twice": free(all, (draft, { dice }) => add(draft, dice.pick(draft.headers))),
  "too many headers": free(all, (draft, { dice }) =>
    add(draft, ...Array.from({ length: 100 + dice.below(3_000) }, (_, n): [string, string] => [`x-${n}`, "y"])),
  ),
  "a huge header": free(all, (draft, { dice }) => add(draft, ["x-big", "y".repeat(8_000 + dice.below(60_000))])),
  "control characters in a header": free(all, (draft, { dice }) =>
    add(draft, ["x-odd", `a${dice.pick(["\0", "\r", "\n", "\x7f", "\x0b", "\r\nendcap-principal: e30"])}b`]),
  ),
  "bad JSON, honestly sent": free(["bearer"], (draft, { dice }) => withBody(draft, dice.pick(bombs))),
  "an odd envelope": free(browser, (draft, { dice }) =>
    withEnvelope(
      draft,
      dice.pick([
        `${envelopeOf(draft)}\r`,
        envelopeOf(draft).toLowerCase(),
        ` ${envelopeOf(draft)}`,
        envelopeOf(draft).replaceAll(" ", "  "),
        "EC1",
        "EP1 a b",
        "x".repeat(4_000),
        "",
      ]),
    ),
  ),
  "a bit of the bytes": free(all, (draft, { dice }) => {
    const text = textOf(draft);
    const at = dice.below(text.length);
    return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << dice.below(8))) + text.slice(at + 1);
  }),
  "bytes put in": free(all, (draft, { dice }) => {
    const text = textOf(draft);
    const at = dice.below(text.length);
    const bytes = Array.from({ length: 1 + dice.below(20) }, () => String.fromCharCode(dice.below(256))).join("");
    return text.slice(0, at) + bytes + text.slice(at);
  }),
  "bytes taken out": free(all, (draft, { dice }) => {
    const text = textOf(draft);
    const at = dice.below(text.length);
    return text.slice(0, at) + text.slice(at + 1 + dice.below(20));
  }),
  noise: free(all, (_draft, { dice }) =>
    Array.from({ length: 1 + dice.below(400) }, () => String.fromCharCode(dice.below(256))).join(""),
  ),
};

const names = Object.keys(mutations);

export function attack(draft: Draft, scene: Scene): Attack {
  for (;;) {
    const mutation = scene.dice.pick(names);
    const { kinds, forged: isForged, mutate } = mutations[mutation] as Mutation;
    if (!kinds.includes(draft.kind)) continue;
    const result = mutate(draft, scene);
    if (result === null) continue;
    const text = typeof result === "string" ? result : textOf(result);
    return { mutation, text, forged: isForged };
  }
}
