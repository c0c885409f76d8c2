// Everything that reads, by the document alone: a new GET is looked at without a line here.

const PAGES = 3;
const HOUR_MS = 3_600_000;

// Every GET as it stands; then with each of its parameters, each of the values that it may have and some that it may not.
export async function lookAtEverything(server) {
  for (const operation of server.contract.operations) {
    if (operation.method !== "GET") continue;
    const plain = await server.call(operation.id, { wanted: 200 });
    const head = await server.send(operation, { method: "HEAD" });
    if (head.status !== 200 || head.body.length > 0 || head.headers.get("content-type") !== plain.headers.get("content-type"))
      throw new Error(`HEAD ${operation.path} is not answered as GET: ${head.status}, ${head.body.length} bytes`);
    for (const parameter of operation.parametersIn("query")) {
      if (parameter.name !== "cursor")
        for (const value of valuesOf(operation, parameter))
          await server.call(operation.id, { role: "admin", query: { [parameter.name]: value }, wanted: 200 });
      for (const value of wrongValuesOf(parameter))
        await server.call(operation.id, { role: "admin", query: { [parameter.name]: value }, wanted: 400 });
    }
    if (operation.parametersIn("query").some(({ name }) => name === "cursor")) await turnPages(server, operation);
  }
}

// Every letter, whatever is in it: in a list, whole, and its bytes.
export async function lookAtEveryLetter(server) {
  const letters = [];
  let cursor;
  do {
    const { data } = await server.call("listLetters", { query: { limit: 50, cursor }, wanted: 200 });
    letters.push(...data.items);
    cursor = data.next_cursor ?? undefined;
  } while (cursor);
  for (const { id, size_bytes } of letters) {
    for (const reveal of [false, true]) {
      await server.call("showLetter", { role: "admin", path: { id }, query: { reveal }, wanted: 200 });
    }
    const { data } = await server.call("readBody", { role: "admin", path: { id }, query: { reveal: true }, wanted: 200 });
    if (data.length !== size_bytes) throw new Error(`the body of ${id} has ${data.length} bytes, not ${size_bytes}`);
  }
  return letters;
}

// A page of one item leads to another one.
async function turnPages(server, operation) {
  const ids = new Set();
  let cursor;
  for (let page = 0; page < PAGES && (page === 0 || cursor); ++page) {
    const query = { limit: 1, ...(cursor && { cursor }) };
    const { data } = await server.call(operation.id, { query, wanted: 200 });
    for (const item of data.items) ids.add(JSON.stringify(item));
    if (ids.size < page + 1 && data.next_cursor) throw new Error(`${operation.name}: page ${page + 1} repeats what was shown`);
    cursor = data.next_cursor ?? undefined;
  }
  if (ids.size < 2) throw new Error(`${operation.name} has no second page: there is too little to list`);
}

function valuesOf(operation, { name, schema, example }) {
  if (schema.enum) return schema.enum;
  if (schema.type === "boolean") return [true, false];
  if (schema.type === "integer") return [schema.minimum, schema.maximum];
  if (schema.format === "date-time" && example === undefined) return [new Date(Date.now() - HOUR_MS).toISOString()];
  if (example === undefined) throw new Error(`${operation.name}: the parameter ${name} needs an example`);
  return [example];
}

function wrongValuesOf({ schema }) {
  if (schema.type === "integer") return [schema.minimum - 1, schema.maximum + 1, "many"];
  const isAnyText = !schema.enum && !schema.pattern && !schema.format && schema.type === "string";
  return isAnyText ? [] : ["no such word!"];
}
