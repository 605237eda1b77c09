// The page: order of the lines, keyboard, progress, saving.

import { Line } from "./line.js";
import { Memory } from "./memory.js";
import { dataset, fileStem, plainText, save } from "./saving.js";

const byId = (id) => document.getElementById(id);
const { source } = document.body.dataset;
const pages = [...document.querySelectorAll(".page")].map((element) => {
  const page = { number: Number(element.dataset.number), element, image: element.querySelector("img") };
  page.lines = [...element.querySelectorAll(".line")].map((line) => new Line(line, page));
  return page;
});
const lines = pages.flatMap((page) => page.lines);
const lineOf = new Map(lines.map((line) => [line.element, line]));
const memory = new Memory(source, lines);
let shown = lines; // in the order in which they are shown

// Order

/** Show the lines of all pages by their confidence, or each page with its own lines. */
function arrange(order) {
  document.body.dataset.order = order;
  if (order === "confidence") {
    shown = lines.toSorted((one, other) => one.confidence - other.confidence);
    byId("queue").append(...shown.map((line) => line.element));
  } else {
    shown = lines;
    for (const page of pages) page.element.querySelector(".lines").append(...page.lines.map((line) => line.element));
  }
}

for (const choice of document.getElementsByName("order"))
  choice.addEventListener("change", () => {
    arrange(choice.value);
    scrollTo(0, 0);
    if (shown.length) select(shown[0]);
  });

// On paper, each page has its lines beside it, whatever the order on the screen is
let before;
addEventListener("beforeprint", () => {
  before = [document.body.dataset.order, document.activeElement];
  for (const line of lines) line.element.dataset.text = line.text;
  arrange("page");
});
addEventListener("afterprint", () => {
  arrange(before[0]);
  before[1]?.focus();
});

// The current line

function select(line) {
  for (const element of document.querySelectorAll(".current")) element.classList.remove("current");
  for (const element of [line.element, line.place, line.page.element]) element.classList.add("current");
  const scan = line.page.element.querySelector(".scan");
  const [place, view] = [line.place, scan].map((element) => element.getBoundingClientRect());
  scan.scrollBy(place.left + place.width / 2 - view.left - view.width / 2,
    place.top + place.height / 2 - view.top - view.height / 2);
}

function check(line) {
  line.box.checked = true;
  update(line);
}

function update(line) {
  line.show();
  if (!memory.keep()) byId("note").textContent = "This browser keeps no edits of this file: save before you close it.";
  showProgress();
}

function showProgress() {
  const count = lines.filter((line) => line.checked).length;
  byId("progress").textContent = `${count} of ${lines.length} ${lines.length === 1 ? "line" : "lines"} checked`;
}

for (const line of lines) {
  line.input.addEventListener("focus", () => {
    select(line);
    line.element.scrollIntoView({ block: "nearest" }); // with its image, which the browser may leave out of view
  });
  line.input.addEventListener("input", () => line.show());
  line.input.addEventListener("change", () => update(line));
  line.box.addEventListener("change", () => update(line));
  line.place.addEventListener("click", () => line.input.focus());
  line.input.addEventListener("keydown", (event) => onKey(event, line));
}
addEventListener("pagehide", () => memory.keep());

function onKey(event, line) {
  if (event.isComposing) return; // Enter and Escape belong to the input method
  const neighbor = shown[shown.indexOf(line) + (event.shiftKey ? -1 : 1)];
  if (event.key === "Enter") {
    event.preventDefault();
    if (!event.shiftKey) check(line);
    neighbor?.input.focus();
  } else if (event.key === "Tab" && !event.shiftKey && !line.alternatives?.isOpen) check(line); // the browser itself goes to the next line
  else if (event.key === "Escape") {
    line.set();
    update(line);
  }
}

// The header stays in view: the scan and the current line keep clear of it
new ResizeObserver(([{ target }]) => document.documentElement.style.setProperty("--header", `${target.offsetHeight}px`))
  .observe(document.querySelector("header"));

// Images of lines, drawn when they come into view and released when they leave it

const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) draw(lineOf.get(target));
    else lineOf.get(target).holder.replaceChildren();
  }
}, { rootMargin: "50%" });
for (const line of lines) observer.observe(line.element);

async function draw(line) {
  try {
    line.holder.replaceChildren(await line.image());
  } catch {
    line.holder.textContent = "The scan is damaged.";
  }
}

// Saving

byId("save-text").addEventListener("click", () => save(new Blob([plainText(pages)], { type: "text/plain" }), `${fileStem(source)}.txt`));

byId("save-lines").addEventListener("click", async () => {
  const chosen = lines.filter((line) => line.checked || line.changed);
  const labeled = chosen.filter((line) => line.text);
  const empty = chosen.length - labeled.length;
  const left = empty ? ` Left out without a text: ${empty}.` : "";
  if (!labeled.length) {
    byId("note").textContent = `Check or change a line first.${left}`;
    return;
  }
  save(await dataset(labeled, fileStem(source)), `${fileStem(source)}-lines.zip`);
  byId("note").textContent = `Saved ${labeled.length} ${labeled.length === 1 ? "line" : "lines"}.${left}`;
});

document.body.classList.toggle("several", pages.length > 1);
byId("alternatives-hint").hidden = !lines.some((line) => line.alternatives);
if (!memory.restore()) byId("note").textContent = "This browser keeps no edits of this file: save before you close it.";
for (const line of lines) line.show();
showProgress();
arrange("confidence");
if (shown.length) select(shown[0]);
else pages[0]?.element.classList.add("current");
