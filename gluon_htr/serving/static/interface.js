// Readable view of the OpenAPI document: each route with its parameters, bodies and responses.

const origin = new URL(".", location.href).href.replace(/\/$/, "");
document.getElementById("curl").textContent = [
  `curl --data-binary @word.png ${origin}/v1/predict`,
  `curl -F image=@word.png -F image=@another.png ${origin}/v1/predict`,
  `curl --data-binary @page.jpg '${origin}/v1/read?format=txt'`,
  `curl -F image=@book.pdf -OJ '${origin}/v1/read?format=pdf'`,
  `curl ${origin}/v1/predict -H 'Content-Type: application/json' \\`,
  `  --data '{"image": "data:image/png;base64,'$(base64 -w0 word.png)'"}'`,
].join("\n");

function element(tag, text, ...children) {
  const node = document.createElement(tag);
  node.textContent = text;
  node.append(...children);
  return node;
}

function operation(path, method, description) {
  const card = element("section", "", element("h2", `${method.toUpperCase()} ${path}`), element("p", (description.description ?? "").replaceAll("`", "")));
  card.className = "card";
  const rows = [
    ...(description.parameters ?? []).map((parameter) => [
      `${parameter.name} (${parameter.in})`,
      parameter.schema?.description ?? parameter.description ?? "",
    ]),
    ...Object.keys(description.requestBody?.content ?? {}).map((type) => ["body", type]),
    ...Object.entries(description.responses).map(([status, response]) => [status, response.description]),
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

const openapi = await (await fetch("openapi.json")).json();
for (const [path, methods] of Object.entries(openapi.paths))
  for (const [method, description] of Object.entries(methods))
    document.getElementById("interface").append(operation(path, method, description));
