/**
 * The best `capacity` of a stream of (key, score), without allocation: a binary heap with the worst kept entry on top.
 * Equal scores: the smaller key is better, so that results do not depend on the order of offers.
 */
export class TopK {
  readonly keys: Int32Array;
  readonly scores: Float32Array;
  #capacity: number;
  count = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.keys = new Int32Array(capacity);
    this.scores = new Float32Array(capacity);
  }

  /** Empties it, for the best `capacity` of what comes: fewer are sorted faster. */
  clear(capacity = this.keys.length): void {
    this.count = 0;
    this.#capacity = Math.min(capacity, this.keys.length);
  }

  offer(key: number, score: number): void {
    if (this.count < this.#capacity) {
      this.#siftUp(this.count++, key, score);
      return;
    }
    // Scores are kept in single precision; compared unrounded, an equal score would evict by chance.
    const rounded = Math.fround(score);
    const worst = this.scores[0]!;
    if (rounded > worst || (rounded === worst && key < this.keys[0]!)) this.#siftDown(0, this.count, key, rounded);
  }

  /** Puts the best first and returns how many there are. The heap is spent: `clear` before the next use. */
  sort(): number {
    const { keys, scores } = this;
    for (let end = this.count - 1; end > 0; end--) {
      const key = keys[end]!;
      const score = scores[end]!;
      keys[end] = keys[0]!;
      scores[end] = scores[0]!;
      this.#siftDown(0, end, key, score);
    }
    return this.count;
  }

  #siftUp(from: number, key: number, score: number): void {
    const { keys, scores } = this;
    const rounded = Math.fround(score);
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const parentScore = scores[parent]!;
      if (parentScore < rounded || (parentScore === rounded && keys[parent]! > key)) break;
      keys[at] = keys[parent]!;
      scores[at] = parentScore;
      at = parent;
    }
    keys[at] = key;
    scores[at] = rounded;
  }

  #siftDown(from: number, end: number, key: number, score: number): void {
    const { keys, scores } = this;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= end) break;
      const right = child + 1;
      if (right < end) {
        const a = scores[child]!;
        const b = scores[right]!;
        if (b < a || (b === a && keys[right]! > keys[child]!)) child = right;
      }
      const childScore = scores[child]!;
      if (childScore > score || (childScore === score && keys[child]! < key)) break;
      keys[at] = keys[child]!;
      scores[at] = childScore;
      at = child;
    }
    keys[at] = key;
    scores[at] = score;
  }
}
