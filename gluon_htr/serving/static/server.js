// Requests to the server, at addresses relative to the page: it may be served below a path. The browser remembers an API key until it is closed.

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

/** Read an image (a Blob). nBest: number of readings, 0 for the usual number. `signal` cancels the request, for example when there
 * is a newer image. */
export async function read(image, model, nBest, signal) {
  const form = new FormData();
  form.append("image", image, "image");
  if (model) form.append("model", model);
  return send(`v1/predict${nBest ? `?n_best=${nBest}` : ""}`, { method: "POST", body: form, signal });
}

/** Read the pages of a file (a File or Blob), and get their pictures. */
export function readPages(file, model, nBest, signal) {
  const form = new FormData();
  form.append("image", file, file.name ?? "image");
  if (model) form.append("model", model);
  return send(`v1/read?format=json&pictures=true${nBest ? `&n_best=${nBest}` : ""}`, { method: "POST", body: form, signal });
}

/** Write a document in another format; return the file and its name. */
export async function convert(read, format) {
  const body = JSON.stringify(read);
  const response = await request(`v1/convert?format=${format}`, { method: "POST", body, headers: { "Content-Type": "application/json" } });
  const [, encoded, plain] = response.headers.get("Content-Disposition").match(/filename(?:\*=UTF-8''(.*)|="(.*)")/);
  return { content: await response.blob(), name: plain ?? decodeURIComponent(encoded) };
}

export function models() {
  return send("v1/models", {});
}

/** Store a correction on the server. */
export function correct(image, text) {
  const form = new FormData();
  form.append("image", image, "image");
  form.append("text", text);
  return send("v1/corrections", { method: "POST", body: form });
}

async function send(path, options) {
  return (await request(path, options)).json();
}

async function request(path, options) {
  const key = sessionStorage.getItem(KEY);
  let response;
  try {
    response = await fetch(path, { ...options, headers: { ...options.headers, ...(key ? { "X-API-Key": key } : {}) } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError(0, "The server cannot be reached. Check that it is running.");
  }
  if (response.ok) return response;
  const content = await response.json().catch(() => ({}));
  throw new RequestError(response.status, sentence(content.error ?? `The server answers with ${response.status}`));
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
