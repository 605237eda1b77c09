// What leaves the page: a data set of lines, and the text.

import { tsv } from "./tsv.js";
import { zip } from "./zip.js";

/** Pack lines into a .zip (a Blob): `NAME/labels.tsv` and images, as `listing:` reads them. */
export async function dataset(lines, name) {
  const encoder = new TextEncoder();
  const files = [];
  for (const line of lines) files.push([`${name}/${imageName(line)}`, await png(await line.image())]);
  return zip([[`${name}/labels.tsv`, encoder.encode(labels(lines))], ...files]);
}

/** List images and texts. The lines of a page are a group, so that a held-out part has pages of its own. A single page
 * has no group: its lines are held out one by one. */
function labels(lines) {
  const grouped = new Set(lines.map((line) => line.page.number)).size > 1;
  const rows = lines.map((line) => [imageName(line), line.text, ...(grouped ? [`page ${line.page.number}`] : [])]);
  return tsv([["path", "text", ...(grouped ? ["group"] : [])], ...rows]);
}

/** Join the text in reading order, as the format txt does: an empty line between regions, a form feed between pages. */
export function plainText(pages) {
  return pages.map(({ lines }) => {
    const written = lines.filter((line) => line.text);
    const separated = written.map((line, k) => {
      if (k === 0) return line.text;
      return (line.region === written[k - 1].region ? "\n" : "\n\n") + line.text;
    });
    return separated.length ? `${separated.join("")}\n` : "";
  }).join("\f");
}

/** Offer a file (a Blob) for download. */
export function save(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Name files after a document, in characters that every file system takes. */
export function fileStem(source) {
  return source.replace(/\.[^.]*$/u, "").replace(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^[._]+/u, "").slice(0, 80) || "document";
}

function imageName({ page, number }) {
  return `images/page-${String(page.number).padStart(4, "0")}-line-${String(number).padStart(3, "0")}.png`;
}

async function png(canvas) {
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  return new Uint8Array(await blob.arrayBuffer());
}
