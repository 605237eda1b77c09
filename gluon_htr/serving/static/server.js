// Asks the server. A key, where one is needed, is remembered until the browser is closed.

const KEY = "gluon-htr-key";

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export function useKey(key) {
  sessionStorage.setItem(KEY, key);
}

/** What the server reads in an image (a Blob). `signal` gives up, as when a newer image is there. */
export async function read(image, model, signal) {
  const form = new FormData();
  form.append("image", image, "image");
  if (model) form.append("model", model);
  return ask("/v1/predict", { method: "POST", body: form, signal });
}

export function models() {
  return ask("/v1/models", {});
}

/** Gives a correction to the server, which keeps it. */
export function correct(image, text) {
  const form = new FormData();
  form.append("image", image, "image");
  form.append("text", text);
  return ask("/v1/corrections", { method: "POST", body: form });
}

async function ask(address, options) {
  const key = sessionStorage.getItem(KEY);
  let response;
  try {
    response = await fetch(address, { ...options, headers: key ? { "X-API-Key": key } : {} });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The server cannot be reached.");
  }
  const content = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, sentence(content.error ?? `The server answers ${response.status}`));
  return content;
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
