// Corrected texts and their images, stored by the browser (IndexedDB) until they are downloaded or deleted.

import { zip } from "./zip.js";

const STORE = "corrections";

/** Store a correction. A second correction of an image replaces its text. */
export async function keep(image, text) {
  const name = await fileName(image);
  await inStore("readwrite", (store) => store.put({ name, image, text: oneLine(text) }, name));
}

export function count() {
  return inStore("readonly", (store) => store.count());
}

export function clear() {
  return inStore("readwrite", (store) => store.clear());
}

/** Pack all corrections into a .zip: `corrections/labels.tsv` (path, tab, text) and the images, as `listing:` reads them. */
export async function dataset() {
  const all = await inStore("readonly", (store) => store.getAll());
  const files = await Promise.all(all.map(async ({ name, image }) =>
    [`corrections/images/${name}`, new Uint8Array(await image.arrayBuffer())]));
  const labels = all.map(({ name, text }) => `images/${name}\t${text}\n`).join("");
  return zip([["corrections/labels.tsv", new TextEncoder().encode(labels)], ...files]);
}

export function oneLine(text) {
  return text.normalize("NFC").trim().split(/\s+/u).join(" ");
}

function inStore(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("gluon-htr", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const request = work(opening.result.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    };
  });
}

/** Name an image by its content. FNV-1a, because pages without https have no crypto.subtle. */
async function fileName(image) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new Uint8Array(await image.arrayBuffer()))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  const ending = { "image/jpeg": "jpeg", "image/webp": "webp", "image/tiff": "tiff", "image/bmp": "bmp", "image/gif": "gif" };
  return `${hash.toString(16).padStart(16, "0")}.${ending[image.type] ?? "png"}`;
}
