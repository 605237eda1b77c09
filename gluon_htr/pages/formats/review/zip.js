// .zip files without compression (PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16): images are compressed already.

const TABLE = Uint32Array.from({ length: 256 }, (_, k) => {
  for (let bit = 0; bit < 8; bit++) k = k & 1 ? 0xedb88320 ^ (k >>> 1) : k >>> 1;
  return k;
});

function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** Write little-endian numbers; fields: [value, bytes] each. */
function record(...fields) {
  const bytes = fields.flatMap(([value, size]) => Array.from({ length: size }, (_, k) => (value >>> (8 * k)) & 255));
  return Uint8Array.from(bytes);
}

/** Write a .zip (a Blob); files: [name, Uint8Array] each. */
export function zip(files) {
  const [contents, directory] = [[], []];
  let offset = 0;
  for (const [name, bytes] of files) {
    const path = new TextEncoder().encode(name);
    // Version 2.0, names in UTF-8, stored, 1 January 1980
    const common = [[20, 2], [0x800, 2], [0, 2], [0, 2], [0x21, 2], [crc32(bytes), 4], [bytes.length, 4],
      [bytes.length, 4], [path.length, 2], [0, 2]];
    contents.push(record([0x04034b50, 4], ...common), path, bytes);
    directory.push(record([0x02014b50, 4], [20, 2], ...common, [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]), path);
    offset += 30 + path.length + bytes.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = record([0x06054b50, 4], [0, 4], [files.length, 2], [files.length, 2], [size, 4], [offset, 4], [0, 2]);
  return new Blob([...contents, ...directory, end], { type: "application/zip" });
}
