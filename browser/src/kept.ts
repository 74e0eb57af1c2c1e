// Whether the browser keeps uploads of the page as it was before. Golden Retriever tells when it has brought something
// back, but not when there is nothing: this looks where it looks, after it.
const DATABASE = "uppy-blobs";
const SNAPSHOTS = "metadata";

export function isKept(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const opening = indexedDB.open(DATABASE);
    opening.onerror = () => resolve(false);
    opening.onsuccess = () => {
      const database = opening.result;
      if (!database.objectStoreNames.contains(SNAPSHOTS)) return resolve(false);
      const request = database.transaction([SNAPSHOTS]).objectStore(SNAPSHOTS).get(name);
      request.onsuccess = () => resolve(request.result?.expires > Date.now());
      request.onerror = () => resolve(false);
      database.close(); // once that is answered
    };
  });
}
