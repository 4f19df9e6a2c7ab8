/** The element's shell: what must be there before the rest is loaded. It holds the space and fetches the view. */
import type { Endcap } from "../core/client.ts";
import type { View } from "./mount.ts";

const NAME = "endcap-recommendations";

/** Defines the element, once a page. `load` is called when the first one appears. */
export function defineElement(endcap: Endcap, load: () => Promise<typeof import("./mount.ts")>): void {
  if (typeof customElements === "undefined" || customElements.get(NAME)) return;

  class EndcapRecommendations extends HTMLElement {
    #view: View | undefined;

    connectedCallback(): void {
      const { style } = this;
      style.display ||= "block";
      // Without content of its own an element is nothing high until its view is here.
      if (!this.firstElementChild) style.minHeight ||= "var(--endcap-height, 22rem)";
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
  }

  customElements.define(NAME, EndcapRecommendations);
}
