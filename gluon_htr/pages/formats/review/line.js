// A line of the document: its text, its place on the scan, and what a person has made of it.

import { Alternatives } from "./alternatives.js";
import { crop, frameOf } from "./crop.js";

export class Line {
  /** element: its <li>. page: { number, element, image }. */
  constructor(element, page) {
    Object.assign(this, { element, page, number: Number(element.value), region: element.dataset.region });
    this.confidence = Number(element.dataset.confidence);
    this.input = element.querySelector("input[type=text]");
    this.box = element.querySelector("input[type=checkbox]");
    this.place = document.getElementById(`${element.id}-place`);
    const { outline, baseline, angle } = this.place.dataset;
    this.frame = frameOf({ outline: points(outline), baseline: points(baseline), angle: Number(angle) });
    if (element.dataset.words) {
      this.alternatives = new Alternatives(this.input, JSON.parse(element.dataset.words), -1);
      this.input.after(this.alternatives.element);
    }
    this.holder = element.querySelector(".crop"); // of the image, with its size before the image is drawn
    this.holder.style.aspectRatio = this.frame.width / this.frame.height;
    this.holder.style.setProperty("--ratio", this.frame.width / this.frame.height);
  }

  get text() {
    return oneLine(this.input.value);
  }

  get changed() {
    return this.input.value !== this.input.defaultValue;
  }

  get checked() {
    return this.box.checked;
  }

  /** Take a text and a mark from elsewhere; without arguments, go back to what was read. */
  set(text = this.input.defaultValue, checked = false) {
    this.input.value = text;
    this.box.checked = checked;
    this.alternatives?.update();
    this.show();
  }

  /** Show the state of the line, in words and on the scan. */
  show() {
    this.element.querySelector(".changed").hidden = !this.changed;
    for (const element of [this.element, this.place]) element.classList.toggle("done", this.checked);
  }

  /** Cut the line out of its scan: a canvas. */
  async image() {
    await this.page.image.decode();
    return crop(this.page.image, this.frame);
  }
}

/** Normalize a text as labels are: NFC, single spaces. */
export function oneLine(text) {
  return text.normalize("NFC").trim().split(/\s+/u).join(" ");
}

function points(text) {
  return text.split(" ").map((point) => point.split(",").map(Number));
}
