// The page: a picture or ink goes to the server, and what comes back is shown, corrected and kept.

import * as corrections from "./corrections.js";
import { Ink } from "./ink.js";
import { Letters } from "./letters.js";
import * as server from "./server.js";

const at = (id) => document.getElementById(id);
const letters = new Letters(at("letters"), at("view"), at("image"), at("mark"));
const ink = new Ink(at("ink"), written);
const LARGEST = 2400; // pixels of a side: photographs are made smaller before they are sent
let current; // what is read, or was: a Blob
let running; // AbortController of the request that is under way
let keepsCorrections = false; // the server

// Reading

async function read(image) {
  running?.abort();
  running = new AbortController();
  document.body.classList.add("busy");
  try {
    const reading = await server.read(image, at("model").value, running.signal);
    show(image, reading);
  } catch (error) {
    if (error.name === "AbortError") return;
    fail(error);
  }
  document.body.classList.remove("busy");
}

function show(image, reading) {
  current = image;
  URL.revokeObjectURL(at("image").src);
  at("image").src = URL.createObjectURL(image);
  at("reading").hidden = false;
  at("text").value = reading.text;
  const doubts = letters.set(reading.characters);
  const doubtful = doubts === 0 ? "" : doubts === 1 ? " One letter is uncertain." : ` ${doubts} letters are uncertain.`;
  const sure = `${Math.round(reading.confidence * 100)} % sure of the whole.`;
  say(reading.text ? `“${reading.text}” – ${sure}${doubtful}` : "No letters were found in this image.");
}

function fail(error) {
  at("key-section").hidden = error.status !== 401;
  if (error.status === 401) at("key").focus();
  say(error.message, true);
}

function say(message, failed = false) {
  at("status").textContent = message;
  at("status").classList.toggle("failed", failed);
}

// Pictures

async function take(file) {
  if (!file) return;
  try {
    await read(await smaller(file));
  } catch {
    await read(file); // the browser cannot show it (TIFF), the server may read it
  }
}

/** Photographs have more pixels than reading needs; what is small enough is sent as it is. */
async function smaller(file) {
  const picture = await createImageBitmap(file);
  const ratio = LARGEST / Math.max(picture.width, picture.height);
  if (ratio >= 1) return file;
  const canvas = new OffscreenCanvas(Math.round(picture.width * ratio), Math.round(picture.height * ratio));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
}

at("camera-choice").hidden = navigator.maxTouchPoints === 0; // a computer's camera looks at its user
for (const id of ["file", "camera"])
  at(id).addEventListener("change", (event) => {
    take(event.target.files[0]);
    event.target.value = ""; // so that the same picture can be chosen again
  });
for (const event of ["dragover", "dragleave", "drop"])
  document.addEventListener(event, (dropped) => {
    dropped.preventDefault();
    at("drop").classList.toggle("over", event === "dragover");
    if (event === "drop") take(dropped.dataTransfer.files[0]);
  });
document.addEventListener("paste", (event) => {
  const picture = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
  if (picture) take(picture);
});

// Ink

function written(image) {
  at("undo").disabled = at("clear").disabled = ink.empty;
  if (image) return read(image);
  running?.abort();
  document.body.classList.remove("busy");
  at("reading").hidden = true;
  say("Nothing has been written yet.");
}
at("undo").addEventListener("click", () => ink.undo());
at("clear").addEventListener("click", () => ink.clear());

// Tabs: arrow keys go from one to the other (WAI-ARIA Authoring Practices, "Tabs")

const tabs = ["picture", "write"];
function choose(name, focus) {
  for (const tab of tabs) {
    at(`${tab}-panel`).hidden = tab !== name;
    at(`${tab}-tab`).setAttribute("aria-selected", tab === name);
    at(`${tab}-tab`).tabIndex = tab === name ? 0 : -1;
  }
  if (focus) at(`${name}-tab`).focus();
}
for (const [k, name] of tabs.entries()) {
  at(`${name}-tab`).addEventListener("click", () => choose(name));
  at(`${name}-tab`).addEventListener("keydown", (event) => {
    if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) choose(tabs[1 - k], true);
  });
}

// The text

at("copy").addEventListener("click", async () => {
  if (navigator.clipboard) await navigator.clipboard.writeText(at("text").value);
  else {
    at("text").select(); // without https, browsers have no clipboard for us
    document.execCommand("copy");
  }
  say("Copied.");
});
at("download").addEventListener("click", () => save(new Blob([`${at("text").value}\n`], { type: "text/plain" }), "text.txt"));
at("keep").addEventListener("click", async () => {
  const text = corrections.oneLine(at("text").value);
  if (!text) return say("A text that is kept has at least one letter.", true);
  try {
    await corrections.keep(current, text);
    if (keepsCorrections) await server.correct(current, text);
    say(`Kept: “${text}”.`);
  } catch (error) {
    fail(error);
  }
  countKept();
});

function save(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// What was kept

async function countKept() {
  const count = await corrections.count();
  at("kept-download").disabled = at("kept-clear").disabled = count === 0;
  at("kept-count").textContent = count
    ? `${count} ${count === 1 ? "image" : "images"} with text, in this browser${keepsCorrections ? " and on the server" : ""}.`
    : "Nothing yet. Corrected texts are kept in this browser, with their images.";
}
at("kept-download").addEventListener("click", async () => save(await corrections.dataset(), "corrections.zip"));
at("kept-clear").addEventListener("click", async () => {
  if (!confirm("Delete what is kept in this browser?")) return;
  await corrections.clear();
  countKept();
});

// The server

async function meet() {
  try {
    const served = await server.models();
    keepsCorrections = served.corrections;
    at("model").replaceChildren(...served.models.map((model) => new Option(model.name, model.name, model.default)));
    at("model-choice").hidden = served.models.length < 2;
    at("key-section").hidden = true;
  } catch (error) {
    fail(error);
  }
  countKept();
}
at("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  server.useKey(at("key").value);
  meet();
});
at("model").addEventListener("change", () => current && !at("reading").hidden && read(current));
meet();
