// Requests to the server. The browser remembers an API key until it is closed.

const KEY = "gluon-htr-key";

export class RequestError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export function useKey(key) {
  sessionStorage.setItem(KEY, key);
}

/** Read an image (a Blob). `signal` cancels the request, for example when there is a newer image. */
export async function read(image, model, signal) {
  const form = new FormData();
  form.append("image", image, "image");
  if (model) form.append("model", model);
  return send("/v1/predict", { method: "POST", body: form, signal });
}

export function models() {
  return send("/v1/models", {});
}

/** Store a correction on the server. */
export function correct(image, text) {
  const form = new FormData();
  form.append("image", image, "image");
  form.append("text", text);
  return send("/v1/corrections", { method: "POST", body: form });
}

async function send(path, options) {
  const key = sessionStorage.getItem(KEY);
  let response;
  try {
    response = await fetch(path, { ...options, headers: key ? { "X-API-Key": key } : {} });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError(0, "The server cannot be reached. Check that it is running.");
  }
  const content = await response.json().catch(() => ({}));
  if (!response.ok) throw new RequestError(response.status, sentence(content.error ?? `The server answers with ${response.status}`));
  return content;
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
