// Lists of images and texts, as `listing:` reads them.

/** Write rows of cells. If a cell has quotation marks, all cells are quoted as by a spreadsheet: no mark of a text can be taken
 * for one of the format then. */
export function tsv(rows) {
  const quoted = rows.some((row) => row.some((text) => text.includes('"')));
  const cell = (text) => (quoted ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => `${row.map(cell).join("\t")}\n`).join("");
}
