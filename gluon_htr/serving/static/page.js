// The page: sends a picture or ink to the server, and shows the reading for correction.

import * as corrections from "./corrections.js";
import { Ink } from "./ink.js";
import { Letters } from "./letters.js";
import * as server from "./server.js";

const byId = (id) => document.getElementById(id);
const letters = new Letters(byId("letters"), byId("view"), byId("image"), byId("mark"));
const ink = new Ink(byId("ink"), onInk);
const MAX_SIDE = 2400; // pixels: larger photographs are scaled down before they are sent
let current; // image of the last reading: a Blob
let running; // AbortController of the current request
let serverStoresCorrections = false;

// Reading

async function read(image) {
  running?.abort();
  running = new AbortController();
  document.body.classList.add("busy");
  try {
    const reading = await server.read(image, byId("model").value, running.signal);
    show(image, reading);
  } catch (error) {
    if (error.name === "AbortError") return;
    fail(error);
  }
  document.body.classList.remove("busy");
}

function show(image, reading) {
  current = image;
  URL.revokeObjectURL(byId("image").src);
  byId("image").src = URL.createObjectURL(image);
  byId("reading").hidden = false;
  byId("text").value = reading.text;
  const uncertain = letters.set(reading.characters);
  const plural = uncertain === 1 ? "One letter is" : `${uncertain} letters are`;
  const note = uncertain === 0 ? "" : ` ${plural} uncertain.`;
  const confidence = `${Math.round(reading.confidence * 100)} % sure of the whole text.`;
  say(reading.text ? `“${reading.text}” – ${confidence}${note}` : "No text was found in this image.");
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
  if (!file) return;
  try {
    await read(await scaledDown(file));
  } catch {
    await read(file); // the browser cannot decode it (TIFF), but the server may
  }
}

/** Scale a photograph down: it has more pixels than reading needs. A small picture is returned unchanged. */
async function scaledDown(file) {
  const picture = await createImageBitmap(file);
  const ratio = MAX_SIDE / Math.max(picture.width, picture.height);
  if (ratio >= 1) return file;
  const canvas = new OffscreenCanvas(Math.round(picture.width * ratio), Math.round(picture.height * ratio));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
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
  if (image) return read(image);
  running?.abort();
  document.body.classList.remove("busy");
  byId("reading").hidden = true;
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
    if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) selectTab(tabs[1 - k], true);
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
byId("keep").addEventListener("click", async () => {
  const text = corrections.oneLine(byId("text").value);
  if (!text) return say("Enter a text first: an empty one is of no use for training.", true);
  try {
    await corrections.keep(current, text);
    if (serverStoresCorrections) await server.correct(current, text);
    say(`Kept “${text}”.`);
  } catch (error) {
    fail(error);
  }
  showCount();
});

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
    ? `${count} ${count === 1 ? "image" : "images"} with text, in this browser${serverStoresCorrections ? " and on the server" : ""}.`
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
    const served = await server.models();
    serverStoresCorrections = served.corrections;
    byId("model").replaceChildren(...served.models.map((model) => new Option(model.name, model.name, model.default)));
    byId("model-choice").hidden = served.models.length < 2;
    byId("key-section").hidden = true;
  } catch (error) {
    fail(error);
  }
  showCount();
}
byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  server.useKey(byId("key").value);
  connect();
});
byId("model").addEventListener("change", () => current && !byId("reading").hidden && read(current));
connect();
