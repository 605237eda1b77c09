// Other readings of the words in a text field: a button for each word that has some, and on a click its readings, as buttons.
// A click on such a word in the field, or the arrow down, offers them as well.

const MIN_PROBABILITY = 0.01; // of another reading that is offered

export class Alternatives {
  /** field: an input or a textarea. words: of the text in it, each a list of [text, probability], the word that was read first.
   * tabIndex: of the buttons of words; -1 where Tab goes from field to field. */
  constructor(field, words, tabIndex = 0) {
    Object.assign(this, { field, words, open: -1, ending: new AbortController() });
    const { signal } = this.ending;
    this.buttons = words.map(([[text], ...others], k) => (others.some(isOffered) ? this.wordButton(text, k, tabIndex) : null));
    this.readings = node("div", { className: "readings", hidden: true });
    this.readings.setAttribute("role", "group");
    const row = node("div", { className: "words", dir: "auto" }, ...this.buttons.filter(Boolean));
    this.element = node("div", { className: "alternatives" }, node("span", { className: "hint", textContent: "Other readings:" }), row, this.readings);
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Words with other readings");
    this.element.addEventListener("keydown", (event) => this.onKey(event));
    field.addEventListener("keydown", (event) => this.onFieldKey(event), { signal });
    field.addEventListener("input", () => this.update(), { signal });
    field.addEventListener("click", () => this.offer(this.wordAtCaret(), field), { signal });
    for (const part of [field, this.element]) part.addEventListener("focusout", (event) => this.onLeave(event), { signal });
    this.update();
  }

  get isOpen() {
    return this.open >= 0;
  }

  /** Forget the field: it gets another text. */
  remove() {
    this.ending.abort();
    this.element.remove();
  }

  /** Find the words in the field as it is now. Those that a person has rewritten have no other readings any more. */
  update() {
    this.places = placesOf(this.field.value, this.words.map((readings) => readings.map(([text]) => text.split(/\s+/u))));
    this.buttons.forEach((button, k) => {
      if (!button) return;
      button.hidden = !this.places[k];
      if (!this.places[k]) return;
      button.textContent = this.field.value.slice(...this.places[k]);
      button.setAttribute("aria-label", `${button.textContent}, other readings`);
    });
    this.element.hidden = !this.buttons.some((button) => button && !button.hidden);
    if (this.isOpen && !this.places[this.open]) this.close();
  }

  wordButton(text, k, tabIndex) {
    const button = node("button", { type: "button", tabIndex, textContent: text });
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => {
      if (this.open === k) return this.close();
      this.offer(k, button);
      this.readings.querySelector("[aria-pressed=false]")?.focus();
    });
    return button;
  }

  /** Show the readings of word k; without other readings, show nothing. origin: the element that has the focus afterwards. */
  offer(k, origin) {
    if (this.isOpen) this.close();
    if (!this.buttons[k] || !this.places[k]) return;
    [this.open, this.origin] = [k, origin];
    const now = this.field.value.slice(...this.places[k]);
    const shown = this.words[k].filter((reading, place) => place === 0 || isOffered(reading));
    this.readings.replaceChildren(...shown.map(([text, probability]) => this.readingButton(text, probability, text === now)));
    this.readings.setAttribute("aria-label", `Readings of ${now}`);
    this.readings.hidden = false;
    this.buttons[k].setAttribute("aria-expanded", "true");
  }

  readingButton(text, probability, isPressed) {
    const share = node("span", { className: "share", textContent: `${Math.round(100 * probability)} %` });
    const button = node("button", { type: "button" }, node("bdi", { textContent: text }), " ", share);
    button.setAttribute("aria-pressed", isPressed);
    button.addEventListener("click", () => this.choose(text));
    return button;
  }

  /** Put a reading in the place of the word, as if a person had typed it. */
  choose(text) {
    const place = this.places[this.open];
    this.close();
    this.field.focus();
    this.field.setRangeText(text, ...place, "select");
    for (const type of ["input", "change"]) this.field.dispatchEvent(new Event(type, { bubbles: true }));
  }

  close() {
    this.buttons[this.open]?.setAttribute("aria-expanded", "false");
    this.open = -1;
    this.readings.hidden = true;
  }

  /** Return the number of the word at the caret; -1 if it is elsewhere. */
  wordAtCaret() {
    const { selectionStart: start, selectionEnd: end } = this.field;
    return this.places.findIndex((place) => place && place[0] <= start && end <= place[1]);
  }

  onFieldKey(event) {
    if (event.isComposing) return;
    if (event.key === "Escape" && this.isOpen) {
      event.stopImmediatePropagation(); // and leaves the text as it is
      this.close();
    }
    if (event.key !== "ArrowDown" || !(event.altKey || this.field.localName === "input")) return;
    const place = this.buttons[this.wordAtCaret()] ? this.wordAtCaret() : this.buttons.findIndex((button) => button && !button.hidden);
    if (place < 0) return;
    event.preventDefault();
    this.offer(place, this.field);
    this.readings.querySelector("[aria-pressed=false]")?.focus();
  }

  /** Escape closes the readings; arrows move between them. */
  onKey(event) {
    if (!this.isOpen) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      this.close();
      this.origin.focus();
    }
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step || !this.readings.contains(event.target)) return;
    event.preventDefault();
    const all = [...this.readings.children];
    all[(all.indexOf(event.target) + step + all.length) % all.length].focus();
  }

  onLeave({ relatedTarget }) {
    if (this.isOpen && relatedTarget && relatedTarget !== this.field && !this.element.contains(relatedTarget)) this.close();
  }
}

function isOffered([, probability]) {
  return probability >= MIN_PROBABILITY;
}

/** Find words in a text that may have been edited: [start, end] of each in characters, or null. As many as possible are found, in
 * their order (longest common subsequence). words: the readings of each, as lists of their parts between spaces. */
function placesOf(value, words) {
  const parts = [...value.matchAll(/\S+/gu)];
  const lengths = (k, at) => words[k].filter((reading) => reading.every((part, j) => parts[at + j]?.[0] === part)).map((reading) => reading.length);
  const most = Array.from({ length: words.length + 1 }, () => new Array(parts.length + 1).fill(0)); // words found from there on
  for (let k = words.length - 1; k >= 0; k--)
    for (let at = parts.length - 1; at >= 0; at--)
      most[k][at] = Math.max(most[k + 1][at], most[k][at + 1], ...lengths(k, at).map((length) => 1 + most[k + 1][at + length]));
  const places = new Array(words.length).fill(null);
  for (let [k, at] = [0, 0]; k < words.length && at < parts.length; ) {
    const length = lengths(k, at).find((each) => 1 + most[k + 1][at + each] === most[k][at]);
    if (length) {
      const last = parts[at + length - 1];
      places[k] = [parts[at].index, last.index + last[0].length];
      [k, at] = [k + 1, at + length];
    } else if (most[k + 1][at] === most[k][at]) k++;
    else at++;
  }
  return places;
}

function node(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
