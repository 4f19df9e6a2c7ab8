/** Bytes to store: at once, as a stream, or the path of a local file (copied). */
export type ObjectSource = Uint8Array | AsyncIterable<Uint8Array> | { readonly path: string };

export interface StoredObject {
  /** Starts at offset 0 of its ArrayBuffer, so that typed arrays can be laid over it without a copy. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Changes whenever the object does. */
  readonly etag: string;
}

export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  /** Unix milliseconds. */
  readonly modifiedAt: number;
}

/** What whoever reads a large object wants to say about it. */
export interface Reading {
  /** Makes the array that will hold the object; by default one with an ArrayBuffer of its own. */
  readonly room?: (length: number) => Uint8Array<ArrayBuffer>;
  /** Told how many bytes, from the first on, are there. What it throws ends the reading. */
  readonly arriving?: (bytes: Uint8Array<ArrayBuffer>, length: number) => void;
}

/** A small named text that moves, e.g. `champion`. */
export interface Pointer {
  readonly value: string;
  /** Changes at every move; what `movePointer` compares. */
  readonly version: string;
}

/**
 * One tenant's models and other objects. Keys are 1 to 200 of `A-Z a-z 0-9 . _ -`, not starting with a dot; pointers
 * are named the same way and share no names with objects.
 */
export interface ModelStore {
  /** Stores an object that never changes afterwards. Of any number of racing writers exactly one gets `true`. Durable. */
  putIfAbsent(key: string, source: ObjectSource): Promise<boolean>;
  /** Stores or replaces an object, whole: a reader sees the old bytes or the new ones. Durable. */
  put(key: string, source: ObjectSource): Promise<void>;
  get(key: string, reading?: Reading): Promise<StoredObject | undefined>;
  /** The object if its etag is another one than `etag`; `"unchanged"` costs no read of the bytes. For polling. */
  getIfChanged(key: string, etag: string | undefined): Promise<StoredObject | "unchanged" | undefined>;
  /** Objects whose keys start with `prefix`, by key. */
  list(prefix?: string): Promise<ObjectInfo[]>;
  /** `false` when there was none. */
  delete(key: string): Promise<boolean>;

  /** Where a pointer points now; cheap enough to poll once a second. */
  pointer(name: string): Promise<Pointer | undefined>;
  /**
   * Moves a pointer from `expected` (the version read before; `undefined` for one that does not exist yet) to `value`.
   * Resolves to the new pointer, or to `undefined` when someone else moved it first.
   */
  movePointer(name: string, expected: string | undefined, value: string): Promise<Pointer | undefined>;
}

/** All tenants' models at one location. */
export interface Models {
  /** Opens nothing and costs nothing. */
  open(tenant: string): ModelStore;
  /** Deletes every object and pointer of a tenant. */
  eraseTenant(tenant: string): Promise<void>;
}
