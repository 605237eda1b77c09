// A document page by page: the image with the outlines of its lines, and beside it their texts, each of which opens an editor.

import { Alternatives } from "./alternatives.js";
import { cropLine } from "./line_crops.js";

const MIN_CONFIDENCE = 0.8; // lines below it are marked as uncertain
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

export class Pages {
  /** onSave: called with the crop of a corrected line (a Blob) and its text; what it throws is shown beside the line. A text that
   * was changed is saved when another line or page is chosen, too. unsaved: there are corrections that no download has. */
  constructor(onSave) {
    this.onSave = onSave;
    byId("previous-page").addEventListener("click", () => this.show(this.number - 1));
    byId("next-page").addEventListener("click", () => this.show(this.number + 1));
    byId("outlines").addEventListener("keydown", (event) => this.onKey(event));
  }

  /** Show a document as /v1/read returns it. pictures: URL of the image of each page. Returns the number of uncertain lines. */
  set(read, pictures) {
    this.close(this.open, false);
    this.document = read;
    this.pictures = pictures;
    this.corrected = new Set();
    this.unsaved = false;
    byId("page-choice").hidden = read.pages.length < 2;
    this.show(0);
    return read.pages.flatMap(linesOf).filter(isUncertain).length;
  }

  show(number) {
    this.leave();
    this.open = undefined; // the item whose editor is open
    this.number = number;
    this.page = this.document.pages[number];
    byId("previous-page").disabled = number === 0;
    byId("next-page").disabled = number === this.document.pages.length - 1;
    byId("page-number").textContent = `Page ${this.page.number}, ${number + 1} of ${this.document.pages.length}`;
    byId("page-image").src = this.pictures[number];
    byId("page-image").alt = `Page ${this.page.number} of ${this.document.source}`;
    byId("outlines").setAttribute("viewBox", `0 0 ${this.page.width} ${this.page.height}`);
    this.lines = linesOf(this.page);
    this.outlines = this.lines.map((line, k) => this.outline(line, k));
    byId("outlines").replaceChildren(...this.outlines);
    this.items = this.lines.map((line, k) => this.item(line, k));
    byId("lines").replaceChildren(...this.items);
    this.markRegions();
    this.lines.forEach((_, k) => this.update(k));
    byId("no-lines").hidden = this.lines.length > 0;
  }

  outline(line, k) {
    const shape = document.createElementNS(SVG, "polygon");
    shape.setAttribute("points", line.polygon.map((point) => point.join(",")).join(" "));
    shape.setAttribute("role", "button");
    shape.setAttribute("tabindex", k === 0 ? 0 : -1); // one tab stop; arrow keys move between the outlines
    shape.addEventListener("click", () => this.edit(k));
    this.highlight(shape, k);
    return shape;
  }

  item(line, k) {
    const item = element("li");
    const button = element("button", { className: "line", type: "button" }, element("span", { dir: "auto" }), element("span", { className: "tag" }));
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => this.edit(k));
    this.highlight(button, k);
    item.append(button);
    return item;
  }

  /** Mark a line in the image and in the text while one of the two is pointed at or has the focus. */
  highlight(node, k) {
    for (const [event, isOn] of [["pointerenter", true], ["focus", true], ["pointerleave", false], ["blur", false]])
      node.addEventListener(event, () => {
        this.outlines[k]?.classList.toggle("current", isOn);
        this.items[k]?.classList.toggle("current", isOn);
      });
  }

  /** Leave some room before each region, and name it if it is not the text itself. */
  markRegions() {
    let first = 0;
    for (const region of this.page.regions) {
      if (region.lines.length === 0) continue;
      this.items[first].classList.add("first-of-region");
      if (region.kind !== "text") this.items[first].prepend(element("p", { className: "hint", textContent: region.kind === "table" ? "Table" : "In the margin" }));
      first += region.lines.length;
    }
  }

  /** Show the text and the state of line k. */
  update(k) {
    const line = this.lines[k];
    const state = this.corrected.has(line) ? "corrected" : isUncertain(line) ? "uncertain" : "";
    const button = this.items[k].querySelector(".line");
    const [text, tag] = button.children;
    button.className = ["line", state, line.text ? "" : "textless"].join(" ");
    text.textContent = line.text || "(no text)";
    tag.textContent = state;
    this.outlines[k].setAttribute("class", state);
    this.outlines[k].setAttribute("aria-label", `${line.text || "(no text)"}${state && `, ${state}`}`);
  }

  /** Open the editor of line k: its crop, and a field with its text. */
  async edit(k) {
    const [item, line, button] = [this.items[k], this.lines[k], this.items[k].querySelector(".line")];
    if (this.open === item) return item.querySelector("input")?.focus();
    this.leave();
    this.open = item;
    const picture = element("img", { src: this.pictures[this.number] }); // not the one on display, which may change
    const crop = await cropLine(picture, this.page, line);
    if (this.open !== item) return; // another line or page was chosen in the meantime
    const image = element("img", { alt: "This line in the picture", src: URL.createObjectURL(crop) });
    image.addEventListener("load", () => URL.revokeObjectURL(image.src));
    const field = element("input", { value: line.text, dir: "auto", autocomplete: "off", spellcheck: false, maxLength: 500 });
    const alternatives = new Alternatives(field, line.words.map(readingsOf));
    const cancel = element("button", { type: "button", textContent: "Cancel" });
    const view = element("div", { className: "crop", tabIndex: 0, role: "region", ariaLabel: "Picture of this line" }, image);
    const form = element("form", { className: "editor" }, view,
      element("label", { textContent: "Text of this line" }, field), alternatives.element,
      element("div", { className: "row" }, element("button", { className: "primary", textContent: "Save" }), cancel),
      element("p", { className: "problem", role: "alert" }));
    for (const event of ["keyup", "click", "input"])
      field.addEventListener(event, () => { // the part of the line that is being corrected is in view
        view.scrollLeft = (field.selectionStart / Math.max(1, field.value.length)) * view.scrollWidth - view.clientWidth / 2;
      });
    form.addEventListener("submit", (event) => { event.preventDefault(); this.save(k, item, crop, field.value); });
    form.addEventListener("keydown", (event) => event.key === "Escape" && this.close(item));
    cancel.addEventListener("click", () => this.close(item));
    item.append(form);
    this.draft = { k, item, crop, field };
    button.setAttribute("aria-expanded", "true");
    this.outlines[k].classList.add("open");
    field.setSelectionRange(0, 0);
    field.focus();
    form.scrollIntoView({ block: "nearest" });
  }

  /** Leave the line whose editor is open, for another line or page. */
  leave() {
    const { k, item, crop, field } = this.draft ?? {};
    if (this.hasDraft && field.value.trim()) this.save(k, item, crop, field.value);
    else this.close(this.open, false);
  }

  /** Whether a text was changed and not saved yet. */
  get hasDraft() {
    return Boolean(this.open) && this.draft?.item === this.open && this.draft.field.value !== this.lines[this.draft.k].text;
  }

  /** Keep the crop of a line with its text. Another line or page may be open when that is done. */
  async save(k, item, crop, text) {
    const line = this.lines[k];
    try {
      const kept = await this.onSave(crop, text);
      Object.assign(line, { text: kept, words: [], alternatives: [], confidence: 1 });
      this.corrected.add(line);
      this.unsaved = true;
      if (this.items[k] === item) this.update(k);
      this.close(item, this.open === item);
    } catch (error) {
      const problem = item.querySelector(".problem");
      if (problem) problem.textContent = error.message;
    }
  }

  close(item, focus = true) {
    if (!item) return;
    const button = item.querySelector(".line");
    item.querySelector("form")?.remove();
    button.setAttribute("aria-expanded", "false");
    this.outlines[this.items.indexOf(item)]?.classList.remove("open");
    if (this.open === item) this.open = undefined;
    if (focus) button.focus();
  }

  /** Keys on an outline: Enter and space open the editor, arrows move to another outline. */
  onKey(event) {
    const k = this.outlines.indexOf(event.target);
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return this.edit(k);
    }
    const next = { ArrowUp: k - 1, ArrowLeft: k - 1, ArrowDown: k + 1, ArrowRight: k + 1, Home: 0, End: this.outlines.length - 1 }[event.key];
    if (next === undefined || !this.outlines[next]) return;
    event.preventDefault();
    this.outlines[k].setAttribute("tabindex", -1);
    this.outlines[next].setAttribute("tabindex", 0);
    this.outlines[next].focus();
  }
}

function linesOf(page) {
  return page.regions.flatMap((region) => region.lines);
}

/** The readings of a word as [text, probability], the word itself first. */
export function readingsOf({ text, alternatives }) {
  const own = [text, alternatives?.find((reading) => reading.text === text)?.probability ?? 1];
  return [own, ...(alternatives ?? []).filter((reading) => reading.text !== text).map((reading) => [reading.text, reading.probability])];
}

function isUncertain(line) {
  return line.confidence < MIN_CONFIDENCE;
}

function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}
