import type { ModelStore } from "@endcap/storage";
import type { FastifyBaseLogger } from "fastify";
import { type Model, ModelOpening, roomForModel } from "../model/index.ts";

export interface ServedModel {
  readonly model: Model;
  readonly version: string;
  readonly trainedAt: string;
}

/**
 * The model that answers: whatever the registry's `champion` points at. A new one is opened beside the old one and takes
 * its place between two requests; one that cannot be opened is refused and the old one stays.
 */
export class Champion {
  readonly #store: ModelStore;
  readonly #log: Pick<FastifyBaseLogger, "info" | "error">;
  #current: ServedModel | undefined;
  #refused: string | undefined;

  constructor(store: ModelStore, log: Pick<FastifyBaseLogger, "info" | "error">) {
    this.#store = store;
    this.#log = log;
  }

  get current(): ServedModel | undefined {
    return this.#current;
  }

  /** The version that was refused last, if it still is the champion. */
  get refused(): string | undefined {
    return this.#refused;
  }

  /** Looks at the registry once; resolves to whether another model answers now. */
  async refresh(): Promise<boolean> {
    const version = (await this.#store.pointer("champion"))?.value;
    if (version === undefined || version === this.#current?.version || version === this.#refused) return false;
    try {
      const model = await this.#open(`${version}.ecm`);
      this.#current = { model, version, trainedAt: new Date(model.parts.meta.trainedAt).toISOString() };
      this.#refused = undefined;
      this.#log.info({ modelVersion: version, items: model.itemCount }, "model is answering");
      return true;
    } catch (error) {
      this.#refused = version;
      this.#log.error(
        { err: error, code: "model_invalid", modelVersion: version, keeping: this.#current?.version },
        "model was refused",
      );
      return false;
    }
  }

  async #open(key: string): Promise<Model> {
    let opening: ModelOpening | undefined;
    await this.#store.get(key, {
      room: roomForModel,
      arriving(bytes, length) {
        opening ??= new ModelOpening(bytes);
        opening.check(length);
      },
    });
    if (opening === undefined) throw new Error("the model file is missing, or empty");
    return opening.finish();
  }
}
