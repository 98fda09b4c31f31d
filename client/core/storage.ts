/**
 * Where resume points are kept between visits. Values are what `structuredClone` takes: a storage that can't keep a file's
 * handle may drop it. Any method may reject: that costs the resume after a reload, never the upload.
 */
export interface UploadStorage {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  remove(key: string): Promise<void>;
  /** All values, in no order. */
  list(): Promise<readonly unknown[]>;
}

const DATABASE = "causeway";
const STORE = "uploads";

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(new Error("storage", { cause: request.error })));
  });
}

async function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE));
  const database = await resultOf(request);
  // Another tab with a later release of this client, or the user clearing data, doesn't wait for us.
  database.addEventListener("versionchange", () => database.close());
  return database;
}

/** The browser's IndexedDB, which can keep files' handles. A database for each call: there are few, and none blocks another tab. */
function indexedDbStorage(): UploadStorage {
  async function run<T>(
    mode: IDBTransactionMode,
    request: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    const database = await openDatabase();
    try {
      return await resultOf(request(database.transaction(STORE, mode).objectStore(STORE)));
    } finally {
      database.close();
    }
  }
  return {
    get: (key) => run("readonly", (store) => store.get(key) as IDBRequest<unknown>),
    async set(key, value) {
      await run("readwrite", (store) => store.put(value, key));
    },
    remove: (key) => run("readwrite", (store) => store.delete(key)),
    list: () => run("readonly", (store) => store.getAll() as IDBRequest<unknown[]>),
  };
}

/** Keeps as long as the page, or the process, is there. */
export function memoryStorage(): UploadStorage {
  const entries = new Map<string, unknown>();
  return {
    get: async (key) => entries.get(key),
    async set(key, value) {
      entries.set(key, structuredClone(value));
    },
    async remove(key) {
      entries.delete(key);
    },
    list: async () => [...entries.values()],
  };
}

/** IndexedDB where there is one; else (Node) nothing outlives the process. */
export function defaultStorage(): UploadStorage {
  return "indexedDB" in globalThis ? indexedDbStorage() : memoryStorage();
}
