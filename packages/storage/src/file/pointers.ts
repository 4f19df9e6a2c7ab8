/**
 * A pointer is a directory of numbered files, `champion/000000000007`; the highest number holds its value. To move it is
 * to make the next number, which `link` grants to one writer only: a compare-and-set without locks, and nothing to clean
 * up after a crash.
 */
import { link, mkdir, readdir, readFile, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Pointer } from "../ports/model-store.ts";
import { isMissing, isTaken, translateErrors } from "../storage-errors.ts";
import { syncDir, writeDraft } from "./write.ts";

/** Moves that are kept; a mover that lost more than this many has to notice that its predecessor is gone. */
const KEPT = 16;
const DIGITS = 12;
const MOVE = /^\d{12}$/;

const fileOf = (move: number): string => String(move).padStart(DIGITS, "0");

export class FilePointers {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  async read(name: string): Promise<Pointer | undefined> {
    const dir = join(this.#dir, name);
    return translateErrors(dir, async () => {
      for (;;) {
        const move = (await movesIn(dir)).at(-1);
        if (move === undefined) return undefined;
        try {
          return { value: await readFile(join(dir, fileOf(move)), "utf8"), version: String(move) };
        } catch (error) {
          // Moved on and pruned between the two calls.
          if (!isMissing(error)) throw error;
        }
      }
    });
  }

  async move(name: string, expected: string | undefined, value: string): Promise<Pointer | undefined> {
    const dir = join(this.#dir, name);
    const last = expected === undefined ? 0 : Number(expected);
    return translateErrors(dir, async () => {
      await mkdir(dir, { recursive: true });
      const moves = await movesIn(dir);
      if ((moves.at(-1) ?? 0) !== last) return undefined;
      const path = join(dir, fileOf(last + 1));
      const draft = await writeDraft(dir, Buffer.from(value));
      try {
        await link(draft, path);
      } catch (error) {
        if (isTaken(error)) return undefined;
        throw error;
      } finally {
        await unlink(draft);
      }
      // Without its predecessor this number may be one that others used and pruned long ago: then we did not win.
      if (last > 0 && !(await exists(join(dir, fileOf(last))))) {
        await unlink(path);
        return undefined;
      }
      await syncDir(dir);
      for (const old of moves) if (old <= last - KEPT) await unlink(join(dir, fileOf(old))).catch(() => undefined);
      return { value, version: String(last + 1) };
    });
  }
}

async function movesIn(dir: string): Promise<number[]> {
  try {
    const names = await readdir(dir);
    return names
      .filter((name) => MOVE.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
