// Edits that survive a reload, where the browser stores anything for a file (localStorage).

export class Memory {
  /** Edits of another document, or of another reading of this one, are not mixed with its edits. */
  constructor(source, lines) {
    this.lines = lines;
    this.key = `gluon-htr:${source}:${digest(lines.map((line) => `${line.element.id} ${line.input.defaultValue}`))}`;
  }

  /** Give all lines their stored state. Returns false if the browser stores nothing here. */
  restore() {
    try {
      const edits = JSON.parse(localStorage.getItem(this.key) ?? "{}");
      for (const line of this.lines) if (edits[line.element.id]) line.set(...edits[line.element.id]);
    } catch {
      return false;
    }
    return this.keep();
  }

  /** Store the state of all lines that a person has touched. Returns false if that fails. */
  keep() {
    const touched = this.lines.filter((line) => line.changed || line.checked);
    const edits = touched.map((line) => [line.element.id, [line.input.value, line.checked]]);
    try {
      localStorage.setItem(this.key, JSON.stringify(Object.fromEntries(edits)));
    } catch {
      return false; // forbidden, or full
    }
    return true;
  }
}

/** Digest texts with FNV-1a: a page without https has no crypto.subtle. */
function digest(texts) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(texts.join("\n"))) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16);
}
