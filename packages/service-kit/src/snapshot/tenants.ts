import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { SnapshotTenant, TenantSecrets } from "@endcap/protocol";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { LineSlabs, type Place } from "./line-slabs.ts";
import { openSealedText, sealText } from "./sealing.ts";

/**
 * The tenants of a snapshot, for those who read them. Each is kept as a line of text and parsed when it is asked for, some
 * ten microseconds: whoever needs a tenant for every request keeps it until it changes.
 */
export interface SnapshotTenants extends Iterable<SnapshotTenant> {
  readonly size: number;
  has(id: string): boolean;
  get(id: string): SnapshotTenant | undefined;
  /** `undefined` where no secrets were asked for. */
  secretsOf(id: string): TenantSecrets | undefined;
  /** The id of the tenant that has the key. */
  ownerOf(keyId: string): string | undefined;
}

const Line = Type.Object({ tenant: SnapshotTenant, wrapped: Type.Optional(Type.String()) });
type Line = Static<typeof Line>;

const [lineCheck, secretsCheck] = [Compile(Line), Compile(TenantSecrets)];

/** As their owner holds them: the lines of the file of a cold start, NDJSON, their secrets sealed as they are there. */
export class PackedTenants implements SnapshotTenants {
  readonly #lines = new LineSlabs();
  readonly #owners = new Map<string, string>();
  readonly #sealKey: KeyObject;

  /** @param sealKey of 32 bytes. Absent: one of this process, for tenants that are never written down. */
  constructor(sealKey: KeyObject = createSecretKey(randomBytes(32))) {
    this.#sealKey = sealKey;
  }

  get size(): number {
    return this.#lines.size;
  }

  has(id: string): boolean {
    return this.#lines.has(id);
  }

  get(id: string): SnapshotTenant | undefined {
    return this.#line(id)?.tenant;
  }

  secretsOf(id: string): TenantSecrets | undefined {
    const wrapped = this.#line(id)?.wrapped;
    return wrapped === undefined ? undefined : this.#open(id, wrapped);
  }

  ownerOf(keyId: string): string | undefined {
    return this.#owners.get(keyId);
  }

  *[Symbol.iterator](): IterableIterator<SnapshotTenant> {
    for (const id of this.#lines.ids()) {
      const tenant = this.get(id);
      if (tenant !== undefined) yield tenant;
    }
  }

  /** The lines as they are now, whatever comes meanwhile. */
  lines(): readonly Place[] {
    return this.#lines.capture();
  }

  /** Puts a tenant in, or in its older self's place. */
  put(tenant: SnapshotTenant, secrets: TenantSecrets | undefined): void {
    const wrapped = secrets && sealText(this.#sealKey, tenant.id, JSON.stringify(secrets));
    const line: Line = { tenant, ...(wrapped !== undefined && { wrapped }) };
    this.#put(tenant, Buffer.from(`${JSON.stringify(line)}\n`));
  }

  /** Puts in what an earlier process wrote. @throws for a line that does not fit, or was sealed with another key */
  putLine(line: Buffer): void {
    const { tenant, wrapped } = lineCheck.Parse(JSON.parse(line.toString("utf8")));
    // Now, so that a request never meets a tenant that does not open.
    if (wrapped !== undefined) this.#open(tenant.id, wrapped);
    this.#put(tenant, line);
  }

  delete(id: string): void {
    for (const key of this.get(id)?.keys ?? []) this.#owners.delete(key.id);
    this.#lines.delete(id);
  }

  #put({ id, keys }: SnapshotTenant, line: Buffer): void {
    this.delete(id);
    this.#lines.put(id, line);
    for (const key of keys) this.#owners.set(key.id, id);
  }

  #line(id: string): Line | undefined {
    const text = this.#lines.get(id);
    // Ours: it was checked or written when it was put.
    return text === undefined ? undefined : (JSON.parse(text) as Line);
  }

  #open(id: string, wrapped: string): TenantSecrets {
    return secretsCheck.Parse(JSON.parse(openSealedText(this.#sealKey, id, wrapped)));
  }
}
