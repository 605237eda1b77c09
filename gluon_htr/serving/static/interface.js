// Shows the OpenAPI document to people: every address, what it takes and what it answers.

const origin = location.origin;
document.getElementById("curl").textContent = [
  `curl --data-binary @word.png ${origin}/v1/predict`,
  `curl -F image=@word.png -F image=@another.png ${origin}/v1/predict`,
  `curl ${origin}/v1/predict -H 'Content-Type: application/json' \\`,
  `  --data '{"image": "data:image/png;base64,'$(base64 -w0 word.png)'"}'`,
].join("\n");

function element(tag, text, ...children) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.append(...children);
  return made;
}

function operation(path, method, about) {
  const card = element("section", "", element("h2", `${method.toUpperCase()} ${path}`), element("p", (about.description ?? "").replaceAll("`", "")));
  card.className = "card";
  const rows = [
    ...(about.parameters ?? []).map((one) => [`${one.name} (${one.in})`, one.schema?.description ?? one.description ?? ""]),
    ...Object.keys(about.requestBody?.content ?? {}).map((type) => ["body", type]),
    ...Object.entries(about.responses).map(([status, answer]) => [status, answer.description]),
  ];
  const table = element("table", "");
  for (const [name, text] of rows) {
    const head = element("th", name);
    head.scope = "row";
    table.append(element("tr", "", head, element("td", text)));
  }
  card.append(table);
  return card;
}

const described = await (await fetch("/openapi.json")).json();
for (const [path, methods] of Object.entries(described.paths))
  for (const [method, about] of Object.entries(methods))
    document.getElementById("interface").append(operation(path, method, about));
