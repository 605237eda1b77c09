// The most probable characters of an image as buttons that put a character into the text; arrow keys are not needed for five.

import { spoken } from "./letters.js";

const MIN_REAL = 0.5; // below it, an image is said to show perhaps no character

export class Candidates {
  /** list: the element of the buttons. field: the text field that they write to. */
  constructor(list, field) {
    Object.assign(this, { list, field });
    field.addEventListener("input", () => this.mark());
  }

  /** Show characters with their probabilities, the most probable first. */
  set(top) {
    this.list.replaceChildren(...top.map((candidate) => this.button(candidate)));
    this.mark();
  }

  button({ text, probability }) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const share = document.createElement("span");
    button.dataset.text = button.textContent = text;
    share.className = "share";
    share.textContent = percent(probability);
    button.append(share);
    button.setAttribute("aria-label", `${spoken(text)}, ${percent(probability)}`);
    button.addEventListener("click", () => {
      this.field.value = text;
      this.mark();
    });
    item.append(button);
    return item;
  }

  /** Mark the character that is in the text field. */
  mark() {
    for (const button of this.list.querySelectorAll("button"))
      button.setAttribute("aria-pressed", button.dataset.text === this.field.value);
  }
}

/** Describe the reading of a single character in a sentence or two. */
export function describe({ text, confidence, real_probability: real }) {
  const read = text ? `“${text}” – ${percent(confidence)} sure.` : "No character was found in this image.";
  if (real === null || !text) return read;
  const sure = `${percent(real)} sure that it is a character at all`;
  return `${read} ${real < MIN_REAL ? `This may not be a character: ${sure}.` : `${sure}.`}`;
}

function percent(probability) {
  return `${Math.round(100 * probability)} %`;
}
