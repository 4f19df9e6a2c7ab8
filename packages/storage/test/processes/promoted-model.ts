/** A model's file as far as a promotion cares: so many bytes, all of them. */
export const MODEL_BYTES = 512 * 1024;

export const modelBytes = (): Uint8Array => new Uint8Array(MODEL_BYTES).fill(7);
