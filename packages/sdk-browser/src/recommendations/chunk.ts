/** What a page loads when it first wants recommendations. */
import { mount } from "../element/mount.ts";
import { recommend } from "./recommend.ts";

export { mount, recommend };

export interface RecommendationsChunk {
  readonly mount: typeof mount;
  readonly recommend: typeof recommend;
}
