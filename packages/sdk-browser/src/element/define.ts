/** The element's shell: what must be there before the rest is loaded. It fetches the view. */
import { attempt } from "../core/attempt.ts";
import type { Endcap } from "../core/client.ts";
import type { RecommendationsChunk } from "../recommendations/chunk.ts";
import type { View } from "./mount.ts";

/** Defines the element. `load` is called when the first one appears. Nothing happens where there are none, or it is known. */
export function defineElement(endcap: Endcap, load: () => Promise<RecommendationsChunk>): void {
  attempt(() =>
    customElements.define(
      "endcap-recommendations",
      class extends HTMLElement {
        #view: View | undefined;

        connectedCallback(): void {
          // Without the view the page keeps what stands inside the element.
          load().then(
            ({ mount }) => {
              this.#view ??= mount(this, endcap);
              if (this.isConnected) this.#view.connect();
            },
            () => undefined,
          );
        }

        disconnectedCallback(): void {
          this.#view?.disconnect();
        }
      },
    ),
  );
}
