// Letters of a reading as buttons that show their place in the image. One tab stop; arrow keys move between letters.

const MIN_CONFIDENCE = 0.8; // letters below it are marked as uncertain

export class Letters {
  /** toolbar: element for the letters; view: element around the image, with the element `mark` in it. */
  constructor(toolbar, view, image, mark) {
    Object.assign(this, { toolbar, view, image, mark });
    toolbar.addEventListener("keydown", (event) => this.moveFocus(event));
    toolbar.addEventListener("pointerleave", () => this.show(-1));
    toolbar.addEventListener("focusout", () => this.show(-1));
    view.addEventListener("pointermove", (event) => this.find(event));
    view.addEventListener("pointerleave", () => this.show(-1));
  }

  /** Show the letters of a reading; return the number of uncertain ones. */
  set(characters) {
    this.characters = characters;
    this.buttons = characters.map((character, k) => this.button(character, k));
    this.toolbar.replaceChildren(...this.buttons);
    this.show(-1);
    return characters.filter(isUncertain).length;
  }

  button(character, k) {
    const button = document.createElement("button");
    button.textContent = character.text === " " ? "␣" : character.text;
    button.tabIndex = k === 0 ? 0 : -1;
    button.classList.toggle("uncertain", isUncertain(character));
    const sure = `${Math.round(character.confidence * 100)} percent`;
    button.setAttribute("aria-label", `${spoken(character.text)}, ${sure}${isUncertain(character) ? ", uncertain" : ""}`);
    button.title = `${sure} sure`;
    for (const event of ["pointerenter", "focus", "click"]) button.addEventListener(event, () => this.show(k));
    return button;
  }

  /** Mark letter k in the image and in the text; -1 marks none. */
  show(k) {
    this.buttons?.forEach((button, other) => button.classList.toggle("current", other === k));
    this.mark.hidden = k < 0;
    if (k < 0) return;
    const width = this.image.naturalWidth || 1;
    const [left, right] = this.extent(k, width);
    this.mark.style.left = `${(100 * left) / width}%`;
    this.mark.style.width = `${(100 * (right - left)) / width}%`;
  }

  /** Extend a letter halfway to its neighbors: the network tells where it is sure of a letter, not where the letter ends. */
  extent(k, width) {
    const { left, right } = this.characters[k];
    const [before, after] = [this.characters[k - 1], this.characters[k + 1]];
    const [toLeft, toRight] = [before && (left - before.right) / 2, after && (after.left - right) / 2];
    const outermost = toLeft ?? toRight ?? width; // the first and the last letter reach as far to either side
    return [Math.max(0, left - (toLeft ?? outermost)), Math.min(width, right + (toRight ?? outermost))];
  }

  /** Mark the letter whose center is nearest to the pointer. */
  find(event) {
    if (!this.characters?.length) return;
    const box = this.image.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.image.naturalWidth;
    const distances = this.characters.map(({ left, right }) => Math.abs((left + right) / 2 - x));
    this.show(distances.indexOf(Math.min(...distances)));
  }

  moveFocus(event) {
    const current = this.buttons?.indexOf(document.activeElement) ?? -1;
    const last = (this.buttons?.length ?? 0) - 1;
    const next = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: last }[event.key];
    if (current < 0 || next === undefined || next < 0 || next > last) return;
    event.preventDefault();
    this.buttons[current].tabIndex = -1;
    this.buttons[next].tabIndex = 0;
    this.buttons[next].focus();
  }
}

function isUncertain(character) {
  return character.confidence < MIN_CONFIDENCE;
}

/** Spell out a letter: screen readers skip punctuation, and do not announce capitals. */
export function spoken(text) {
  const names = { " ": "space", ".": "period", ",": "comma", "'": "apostrophe", '"': "quotation mark", "-": "hyphen",
    "!": "exclamation mark", "?": "question mark", ":": "colon", ";": "semicolon", "(": "left parenthesis",
    ")": "right parenthesis", "/": "slash", "#": "number sign", "*": "asterisk", "&": "ampersand", "+": "plus" };
  return names[text] ?? (text !== text.toLowerCase() ? `capital ${text}` : text);
}
