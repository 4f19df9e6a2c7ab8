import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";

/** What the shop must remember between two starts. Holds its secret key, so the file is the owner's alone. */
export interface State {
  cookieSecret: string;
  tenant?: { id: string; publishableKey: string; secretKey: string; secret: string };
  /** Origin and seed that the stored catalogue was made with. */
  catalogue?: string;
  /**
   * When the simulated month ends, and the shop's origin then. Fixed before the import begins, so that an import cut
   * short resumes with the same bytes.
   */
  month?: { ends: string; origin: string };
  imported?: boolean;
  trained?: boolean;
}

export class StateFile {
  readonly #path: string;
  state: State;

  private constructor(path: string, state: State) {
    this.#path = path;
    this.state = state;
  }

  static async open(directory: string): Promise<StateFile> {
    await mkdir(directory, { recursive: true });
    const path = join(directory, "state.json");
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (text !== undefined) return new StateFile(path, JSON.parse(text));
    const file = new StateFile(path, { cookieSecret: randomBytes(32).toString("base64url") });
    await file.update({});
    return file;
  }

  /** Written beside and moved into place: a crash leaves the old state or the new one. */
  async update(change: Partial<State>): Promise<void> {
    this.state = { ...this.state, ...change };
    const beside = `${this.#path}.new`;
    const handle = await open(beside, "w", 0o600);
    try {
      await handle.writeFile(JSON.stringify(this.state, null, 2));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, this.#path);
  }
}
