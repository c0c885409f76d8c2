// Every error that can be brought about from outside, by the document alone.
import { ROLES } from "./server.mjs";

const TOO_LARGE_BYTES = 1024 * 1024 + 1;
const AT_ONCE = 16;
const MANY = 1000;
const PATIENCE_MS = 60_000;

// On a server with tokens.
export async function askForTrouble(server) {
  for (const operation of server.contract.operations) {
    const tellsOf = (status) => status in operation.responses;
    const body = operation.bodyExample;
    if (operation.role) {
      await server.call(operation.id, { role: null, body, wanted: 401 });
      const smaller = ROLES[ROLES.indexOf(operation.role) - 1];
      if (smaller) await server.call(operation.id, { role: smaller, body, wanted: 403 });
    }
    if (tellsOf("400")) await server.call(operation.id, { query: { no_such_parameter: "1" }, body, wanted: 400 });
    if (operation.takesBody) await refuseBodies(server, operation);
    if (!server.does(operation)) continue;
    if (tellsOf("404") && operation.parametersIn("path").length > 0)
      await server.call(operation.id, { path: server.nobodysPathOf(operation), body, wanted: 404 });
  }
}

async function refuseBodies(server, operation) {
  const body = operation.bodyExample;
  const wanted = server.does(operation) ? 400 : 409;
  await server.call(operation.id, { body: [], wanted });
  await server.call(operation.id, { body: { ...body, no_such_member: 1 }, wanted });
  await announceTooMuch(server, operation);
  await server.call(operation.id, { body, headers: { "Content-Type": "text/plain" }, wanted: 415 });
}

// A body that is too large is refused before it comes.
async function announceTooMuch(server, operation) {
  const headers = { "content-type": "application/json", "content-length": TOO_LARGE_BYTES, expect: "100-continue" };
  const { status } = await server.send(operation, { headers });
  if (status !== 413) throw new Error(`${operation.name} with a body of ${TOO_LARGE_BYTES} bytes answered ${status}, not 413`);
}

// More than may follow at once: with one token, and then with all of them.
export async function followTogether(server) {
  const { url } = server.requestOf(server.contract.operation("followEvents"));
  const leaving = new AbortController();
  const following = []; // kept: a stream that nobody holds may be ended
  const last = "third";
  for (const [name, token] of Object.entries(server.tokens)) {
    if (name === last) continue;
    const headers = { authorization: `Bearer ${token}` };
    let refused = false;
    while (!refused) {
      if (following.length > MANY) throw new Error(`${following.length} may follow at once`);
      const response = await fetch(url, { headers, signal: leaving.signal });
      refused = response.status !== 200;
      following.push(response);
    }
    await server.call("followEvents", { role: name, wanted: 429 });
  }
  await server.call("followEvents", { role: last, wanted: 503 });
  leaving.abort();
}

// On a server without tokens: what a page in a browser somewhere else would make it do.
export async function comeFromElsewhere(server) {
  for (const operation of server.contract.operations) {
    const misdirected = await server.send(operation, { headers: { host: "elsewhere.example" } });
    const foreign = await server.send(operation, { headers: { origin: "https://elsewhere.example" } });
    const method = await server.send(operation, { method: "PUT" });
    const statuses = [misdirected.status, foreign.status, method.status];
    if (statuses.join() !== "421,403,405") throw new Error(`${operation.name} from elsewhere: ${statuses.join()}, not 421,403,405`);
  }
}

// On a server that is not able to: whatever it answers, the document must tell of it.
export async function askAll(server) {
  for (const operation of server.contract.operations) await server.call(operation.id, { body: operation.bodyExample });
}

// On one that takes a request a second.
export async function askTooOften(server) {
  const deadline = Date.now() + PATIENCE_MS;
  for (const operation of server.contract.operations) {
    if (!("429" in operation.responses)) continue;
    let refused = false;
    while (!refused) {
      if (Date.now() > deadline) throw new Error(`${operation.name} may be asked as often as one likes`);
      const ask = () => server.call(operation.id, { body: operation.bodyExample });
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, ask));
      refused = answers.some(({ status }) => status === 429);
    }
  }
}
