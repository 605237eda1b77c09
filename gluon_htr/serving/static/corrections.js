// Corrected texts and their images, stored by the browser (IndexedDB) until they are downloaded or deleted.

import { tsv } from "./tsv.js";
import { zip } from "./zip.js";

const STORE = "corrections";
const ENDINGS = { "image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp", "image/tiff": "tiff", "image/bmp": "bmp", "image/gif": "gif", "image/heic": "heic", "image/avif": "avif" };

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
  const labels = tsv(all.map(({ name, text }) => [`images/${name}`, text]));
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

/** Name an image by its content. FNV-1a of 64 bits, because pages without https have no crypto.subtle; in two halves, since
 * photographs have millions of bytes and BigInt is slow. */
async function fileName(image) {
  let [high, low] = [0xcbf29ce4, 0x84222325];
  for (const byte of new Uint8Array(await image.arrayBuffer())) {
    low = (low ^ byte) >>> 0;
    const product = low * 0x1b3; // the prime is 2 ** 40 + 0x1b3
    high = (high * 0x1b3 + Math.floor(product / 2 ** 32) + low * 2 ** 8) % 2 ** 32;
    low = product % 2 ** 32;
  }
  const hash = [high, low].map((half) => half.toString(16).padStart(8, "0")).join("");
  const ending = ENDINGS[image.type] ?? /\.([a-z]{3,4})$/i.exec(image.name ?? "")?.[1].toLowerCase() ?? "png";
  return `${hash}.${ending}`;
}
