import type { Item, RecommendationAnswer } from "@endcap/protocol";

/**
 * Answers as JSON. Items are most of an answer's bytes and the same in many answers: each is put into words once, for as
 * long as it stays as it is.
 */
export class AnswerText {
  #texts = new WeakMap<Item, string>();

  of({ recommendationId, items, ...rest }: RecommendationAnswer): string {
    const entries = items.map(({ item, ...entry }) => {
      const text = JSON.stringify(entry);
      return item === undefined ? text : `${text.slice(0, -1)},"item":${this.#itemText(item)}}`;
    });
    return `{"recommendationId":"${recommendationId}","items":[${entries.join()}],${JSON.stringify(rest).slice(1)}`;
  }

  /** Gives the memory back: for when nobody asks. */
  forget(): void {
    this.#texts = new WeakMap();
  }

  #itemText(item: Item): string {
    let text = this.#texts.get(item);
    if (text === undefined) {
      text = JSON.stringify(item);
      this.#texts.set(item, text);
    }
    return text;
  }
}
