"""A page on which the texts of suspects are corrected beside their images; it saves the list that it was made of.

It works from the disk, without a server: what is saved is downloaded, and takes the place of the old list.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>@NAME@</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:1rem auto;padding:0 1rem;color:#222}
header{position:sticky;top:0;background:#fff;padding:.5rem 0;border-bottom:1px solid #ddd}
h1{font-size:1rem;display:inline}
article{margin:1rem 0}img{max-width:100%;max-height:8rem;display:block;border:1px solid #ddd}
input{font:inherit;width:100%;box-sizing:border-box}.changed{background:#e8f5e8}small{color:#666}
</style>
<header><h1>@NAME@</h1> <button id="save">Save @NAME@</button> <span id="count"></span><br>
<small>Correct the texts. Enter goes to the next one. An empty text leaves the sample out.</small></header>
<main></main>
<script>
const header = @HEADER@, rows = @ROWS@;
const [path, text, read] = ["path", "text", "read"].map(name => header.indexOf(name));
const first = rows.map(row => row[text]);
const main = document.querySelector("main"), count = document.querySelector("#count");
function show() {
  const changed = rows.filter((row, k) => row[text] !== first[k]).length;
  count.textContent = `${changed} of ${rows.length} changed`;
}
rows.forEach((row, k) => {
  const article = document.createElement("article"), image = document.createElement("img");
  const input = document.createElement("input"), take = document.createElement("button");
  const note = document.createElement("small");
  image.src = row[path].split("/").map(encodeURIComponent).join("/");
  image.alt = row[header.length - 1];
  input.value = row[text];
  input.setAttribute("aria-label", `Text of ${image.alt}`);
  input.dir = "auto";
  const set = () => {
    row[text] = input.value;
    input.className = input.value === first[k] ? "" : "changed";
    show();
  };
  input.oninput = set;
  input.onkeydown = event => {
    const next = main.querySelectorAll("input")[k + 1];
    if (event.key === "Enter" && next) next.focus();
  };
  take.textContent = "Take";
  take.onclick = () => { input.value = row[read]; set(); };
  note.textContent = ` read: ${row[read]} `;
  note.append(take, ` ${image.alt}`);
  article.append(image, input, note);
  main.append(article);
});
function cell(value) {
  value = value.replace(/\\s+/g, " ").trim();
  return value.includes('"') ? `"${value.replaceAll('"', '""')}"` : value;
}
document.querySelector("#save").onclick = () => {
  const content = [header, ...rows].map(row => row.map(cell).join("\\t")).join("\\n") + "\\n";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], {type: "text/tab-separated-values"}));
  link.download = document.title;
  link.click();
};
show();
</script></html>
"""


def editing_page(name: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """Return the page as a file. name: that of the list, beside which the page lies."""
    values = {"@NAME@": html.escape(name), "@HEADER@": _script(list(header)), "@ROWS@": _script(list(map(list, rows)))}
    return re.sub("|".join(values), lambda match: values[match[0]], _PAGE).encode("utf-8", "backslashreplace")


def _script(value: object) -> str:
    """Return a value as JSON that cannot end the script it stands in."""
    return json.dumps(value).replace("<", "\\u003c")
