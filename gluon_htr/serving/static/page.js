// The page: sends a picture, a document or ink to the server, and shows what was read for correction.

import { Alternatives } from "./alternatives.js";
import { Candidates, describe } from "./candidates.js";
import * as corrections from "./corrections.js";
import { Ink } from "./ink.js";
import { Letters } from "./letters.js";
import { Pages, readingsOf } from "./pages.js";
import * as server from "./server.js";

const byId = (id) => document.getElementById(id);
const letters = new Letters(byId("letters"), byId("view"), byId("image"), byId("mark"));
const candidates = new Candidates(byId("candidates"), byId("text"));
const ink = new Ink(byId("ink"), onInk);
const pages = new Pages(keepCorrection);
const N_BEST = 5; // readings of a line and of each word that a server with beam search is asked for
const MAX_PDF_SIDE = 2500; // pixels of an image in a PDF to download
const PAGE_HEIGHT = 500; // pixels: a lower picture is taken for a line
const PAGE_SHAPE = 4; // as is one that is so many times as wide as high
let chosen; // the last file or image that was to be read
let current; // what is shown of a line: the file as it was chosen (a Blob), and as it was sent
let running; // AbortController of the current request
let served = { corrections: false, pages: false, most_pixels: Infinity, most_page_pixels: Infinity, most_body_bytes: Infinity };

// Reading

/** Read a line. original: the file as it was chosen, sent: the same, unless the server would refuse it. */
function read(original, sent = original) {
  return run(async (signal) => {
    const reading = await server.read(sent, byId("model").value, nBest(), signal);
    signal.throwIfAborted(); // a newer image would get this text
    show({ original, sent }, reading);
  });
}

/** Read pages. Their pictures come from the server: a browser may turn or stretch a file otherwise than it was read. */
function readPages(file) {
  say("Reading");
  return run(async (signal) => {
    const read = await server.readPages(file, byId("model").value, nBest(), signal);
    signal.throwIfAborted();
    showPages(read, read.pictures ?? []);
  });
}

function model() {
  return served.models?.find(({ name }) => name === byId("model").value);
}

function nBest() {
  return model()?.alternatives ? N_BEST : 0;
}

function readsCharacters() {
  return model()?.task === "characters";
}

/** Do what a newer file or image interrupts. */
async function run(work) {
  running?.abort();
  const controller = (running = new AbortController());
  document.body.classList.add("busy");
  try {
    await work(controller.signal);
  } catch (error) {
    if (error.name === "AbortError") return;
    fail(error);
  }
  if (controller === running) document.body.classList.remove("busy");
}

/** Show one of the two kinds of results, or neither. */
function open(id) {
  for (const each of ["reading", "document"]) byId(each).hidden = each !== id;
  document.body.classList.toggle("with-document", id === "document");
}

function showPages(read, pictures) {
  open("document");
  const uncertain = pages.set(read, pictures);
  const count = read.pages.reduce((sum, page) => sum + page.regions.reduce((lines, region) => lines + region.lines.length, 0), 0);
  const lines = `${count} ${count === 1 ? "line" : "lines"}`;
  const where = read.pages.length > 1 ? ` on ${read.pages.length} pages` : "";
  const note = uncertain ? ` ${uncertain} ${uncertain === 1 ? "is" : "are"} uncertain.` : "";
  const failures = (read.failures ?? []).map(({ error }) => ` Not read: ${error}.`).join("");
  const advice = count <= 1 && byId("kind").value === "auto" ? " If this is a single line, choose that under “Read it as”." : "";
  say(`Read ${lines}${where}.${note}${failures}${advice}`, failures !== "");
}

const ADVICE = {
  "several-lines": "The image seems to show several lines: choose “whole page” under “Read it as”.",
  page: "The image looks like a page: choose “whole page” under “Read it as”.",
  "upside-down": "The image looks upside down: turn it.",
  sideways: "The image seems to lie on its side: turn it.",
};

function show(images, reading) {
  open("reading");
  current = images;
  URL.revokeObjectURL(byId("image").src);
  byId("image").src = URL.createObjectURL(images.sent);
  byId("text").value = reading.text;
  if (reading.top) {
    offerAlternatives([]);
    candidates.set(reading.text ? reading.top : []);
    return say(describe(reading));
  }
  offerAlternatives(reading.alternatives ? reading.words : []);
  const uncertain = letters.set(reading.characters);
  const plural = uncertain === 1 ? "One letter is" : `${uncertain} letters are`;
  const note = uncertain === 0 ? "" : ` ${plural} uncertain.`;
  const confidence = `${Math.round(reading.confidence * 100)} % sure of the whole text.`;
  const advice = reading.warnings.map((warning) => ` ${ADVICE[warning]}`).join("");
  say((reading.text ? `“${reading.text}” – ${confidence}${note}` : "No text was found in this image.") + advice);
}

/** Offer other readings of words below the text. */
let alternatives;
function offerAlternatives(words) {
  alternatives?.remove();
  if (!words.length) return;
  alternatives = new Alternatives(byId("text"), words.map(readingsOf));
  byId("text").after(alternatives.element);
}

function fail(error) {
  byId("key-section").hidden = error.status !== 401;
  if (error.status === 401) byId("key").focus();
  say(error.message, true);
}

function say(message, failed = false) {
  byId("status").textContent = message;
  byId("status").classList.toggle("failed", failed);
}

// Pictures

async function take(file) {
  if (!file || !mayReplace()) return;
  chosen = file;
  running?.abort();
  const picture = await createImageBitmap(file).catch(() => null); // the browser cannot decode PDF and TIFF, but the server may
  const kind = byId("kind").value;
  const asPage = served.pages && !readsCharacters() && (kind === "page" || (kind === "auto" && isPage(picture)));
  const sent = await withinLimits(file, picture, asPage ? served.most_page_pixels : served.most_pixels);
  if (chosen !== file) return; // another was chosen in the meantime
  await (asPage ? readPages(sent) : read(file, sent));
}

/** Ask before a document is replaced whose corrections are in no download yet. */
function mayReplace() {
  return !hasCorrections() || confirm("This document has corrections that you have not downloaded with it. Replace it?");
}

function hasCorrections() {
  return !byId("document").hidden && (pages.unsaved || pages.hasDraft);
}
window.addEventListener("beforeunload", (event) => hasCorrections() && event.preventDefault());

/** Tell if a picture looks like a page; PDF and TIFF, which browsers do not show, usually have pages. */
function isPage(picture) {
  return !picture || (picture.height >= PAGE_HEIGHT && picture.width < PAGE_SHAPE * picture.height);
}

/** Return a file as it is, so that it is read as the command reads it; only what the server would refuse is scaled down. */
async function withinLimits(file, picture, mostPixels) {
  if (!picture) return file;
  const pixels = Math.min(1, mostPixels / (picture.width * picture.height));
  const bytes = Math.min(1, (0.9 * served.most_body_bytes) / file.size);
  return scaledDown(file, picture, Math.floor(Math.max(picture.width, picture.height) * Math.sqrt(pixels * bytes)));
}

/** Scale a photograph down to a longest side. A small picture is returned unchanged. */
async function scaledDown(file, picture, side) {
  const ratio = side / Math.max(picture.width, picture.height);
  if (ratio >= 1) return file;
  const canvas = new OffscreenCanvas(Math.round(picture.width * ratio), Math.round(picture.height * ratio));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
  return new File([blob], file.name ?? "image", { type: blob.type });
}

byId("camera-choice").hidden = navigator.maxTouchPoints === 0; // a computer's camera points at its user
for (const id of ["file", "camera"])
  byId(id).addEventListener("change", (event) => {
    take(event.target.files[0]);
    event.target.value = ""; // allows the same picture to be chosen again
  });
for (const event of ["dragover", "dragleave", "drop"])
  document.addEventListener(event, (dropped) => {
    dropped.preventDefault();
    byId("drop").classList.toggle("over", event === "dragover");
    if (event === "drop") take(dropped.dataTransfer.files[0]);
  });
document.addEventListener("paste", (event) => {
  const picture = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
  if (picture) take(picture);
});

// Ink

function onInk(image) {
  byId("undo").disabled = byId("clear").disabled = ink.empty;
  if (!image && chosen instanceof File) return; // cleared, but a file was chosen since
  if (image && !mayReplace()) return;
  chosen = image;
  if (image) return read(image);
  running?.abort();
  document.body.classList.remove("busy");
  open(undefined);
  say("Nothing has been written yet.");
}
byId("undo").addEventListener("click", () => ink.undo());
byId("clear").addEventListener("click", () => ink.clear());

// Tabs: arrow keys switch between them (WAI-ARIA Authoring Practices, "Tabs")

const tabs = ["picture", "write"];
function selectTab(name, focus) {
  for (const tab of tabs) {
    byId(`${tab}-panel`).hidden = tab !== name;
    byId(`${tab}-tab`).setAttribute("aria-selected", tab === name);
    byId(`${tab}-tab`).tabIndex = tab === name ? 0 : -1;
  }
  if (focus) byId(`${name}-tab`).focus();
}
for (const [k, name] of tabs.entries()) {
  byId(`${name}-tab`).addEventListener("click", () => selectTab(name));
  byId(`${name}-tab`).addEventListener("keydown", (event) => {
    const next = { ArrowLeft: 1 - k, ArrowRight: 1 - k, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    selectTab(tabs[next], true);
  });
}

// The text

byId("copy").addEventListener("click", async () => {
  if (navigator.clipboard) await navigator.clipboard.writeText(byId("text").value);
  else {
    byId("text").select(); // pages without https have no clipboard
    document.execCommand("copy");
  }
  say("Copied.");
});
byId("download").addEventListener("click", () => save(new Blob([`${byId("text").value}\n`], { type: "text/plain" }), "text.txt"));
byId("keep").addEventListener("click", () => keepCorrection(current.original, byId("text").value, current.sent).catch(fail));

/** Keep an image and its text for training, in the browser and on a server that stores them. sent: the image, within the limits
 * of the server; one that it does not take is kept in the browser alone. Returns the text, on one line. */
async function keepCorrection(image, written, sent = image) {
  const text = corrections.oneLine(written);
  if (!text) throw new Error("Enter a text first: an empty one is of no use for training.");
  await corrections.keep(image, text);
  showCount();
  try {
    if (served.corrections) await server.correct(sent, text);
    say(`Kept “${text}”.`);
  } catch (error) {
    fail(Object.assign(error, { message: `Kept in this browser, but not on the server: ${error.message}` }));
  }
  return text;
}

// Downloads of a document, with its corrections

byId("formats").addEventListener("click", async (event) => {
  const { format } = event.target.dataset;
  if (!format) return;
  try {
    const { content, name } = await server.convert(await convertible(format), format);
    save(content, name);
    pages.unsaved = false;
    say(`Downloaded ${name}.`);
  } catch (error) {
    fail(error);
  }
});

/** The document as the server writes it. A PDF needs images, which are scaled down so that many fit into one request. */
async function convertible(format) {
  const { source, pages: all } = pages.document;
  const pictures = format === "pdf" ? await Promise.all(pages.pictures.map(asJpeg)) : [];
  return { source, pages: all, pictures };
}

async function asJpeg(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  const ratio = Math.min(1, MAX_PDF_SIDE / Math.max(image.naturalWidth, image.naturalHeight));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(image.naturalWidth * ratio), Math.round(image.naturalHeight * ratio)];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.8);
}

function save(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// Corrections

async function showCount() {
  const count = await corrections.count();
  byId("kept-download").disabled = byId("kept-clear").disabled = count === 0;
  byId("kept-count").textContent = count
    ? `${count} ${count === 1 ? "image" : "images"} with text, in this browser${served.corrections ? " and on the server" : ""}.`
    : "Nothing yet. Corrected texts are kept in this browser, with their images.";
}
byId("kept-download").addEventListener("click", async () => save(await corrections.dataset(), "corrections.zip"));
byId("kept-clear").addEventListener("click", async () => {
  if (!confirm("Delete all corrections in this browser?")) return;
  await corrections.clear();
  showCount();
});

// The server

async function connect() {
  try {
    served = await server.models();
    byId("model").replaceChildren(...served.models.map((model) => new Option(model.name, model.name, model.default)));
    byId("model-choice").hidden = served.models.length < 2;
    adapt();
    byId("key-section").hidden = true;
  } catch (error) {
    fail(error);
  }
  showCount();
}

// Words of the page by what the model reads; those of lines are in index.html
const WORDS = {
  characters: {
    "write-tab": "Write a character",
    "what-is-read": "One character. Crop the picture to it.",
    "as-you-write": "The character appears as you write it. Clear it before the next one.",
    "text-title": "Character",
  },
};
WORDS.lines = Object.fromEntries(Object.keys(WORDS.characters).map((id) => [id, byId(id).textContent]));
WORDS.pages = { ...WORDS.lines, "what-is-read": "A page of handwriting, or one line or word of it." };
const PICTURES = byId("file").accept;

/** Adapt the page to what the chosen model reads: lines, pages as well, or single characters. */
function adapt() {
  const reads = readsCharacters() ? "characters" : served.pages ? "pages" : "lines";
  for (const [id, words] of Object.entries(WORDS[reads])) byId(id).textContent = words;
  byId("kind-choice").hidden = reads !== "pages";
  document.body.classList.toggle("reads-pages", reads === "pages");
  byId("file").accept = reads === "pages" ? `${PICTURES},application/pdf` : PICTURES;
  const shape = reads === "characters" ? "character" : "line";
  document.body.classList.toggle("reads-characters", shape === "character");
  if (shape !== ink.shape) ink.reshape(shape);
}
byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  server.useKey(byId("key").value);
  connect();
});
byId("model").addEventListener("change", adapt);
for (const id of ["model", "kind"])
  byId(id).addEventListener("change", () => chosen && (chosen instanceof File ? take(chosen) : read(chosen)));
connect();
