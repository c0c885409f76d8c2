// A running server as the generated client sees it. Every answer is held against the document before anybody looks at it.
import { request as sendRequest } from "node:http";

export const ROLES = ["viewer", "operator", "admin"];
// Ids that are well-formed, and nobody's.
const NOBODY = "01980000-0000-7000-8000-0000000000ff";
const NOBODYS = { groups: "f".repeat(32) };

export class Server {
  // `tokens` by role; none: the server knows none. `ids`: what stands in a path's {…}, by the word before it.
  constructor({ contract, client, url, tokens = {}, ids = {} }) {
    this.contract = contract;
    this.url = url;
    this.tokens = tokens;
    this.ids = ids;
    this.calls = client.calls;
    // The path that the document names, below the server that it came from.
    const base = new URL(contract.document.servers[0].url, url).href.replace(/\/$/, "");
    this.connection = client.connect({ baseUrl: base });
    this.base = base;
    this.checked = new WeakMap();
    this.connection.interceptors.response.use(async (response, _request, options) => {
      const operation = contract.operationAt(options.method, options.url);
      const body = new Uint8Array(await response.clone().arrayBuffer());
      const answer = { status: response.status, headers: response.headers, body };
      const given = Object.entries(options.query ?? {}).filter(([, value]) => value !== undefined);
      const sent = operation.parametersIn("header").filter(({ name }) => new Headers(options.headers).has(name));
      const names = [...given.map(([name]) => name), ...sent.map(({ name }) => name)];
      this.checked.set(response, contract.check(operation, answer, names));
      return response;
    });
  }

  // Calls the operation with the smallest role that may, where something is redacted. `role: null`: without a token. `wanted`: the status that must come.
  async call(id, { wanted, role, ...request } = {}) {
    const operation = this.contract.operation(id);
    const auth = role === null ? undefined : this.tokens[role ?? operation.roleWhereRedacted];
    const given = { path: this.pathOf(operation), query: operation.queryExample, auth, ...request };
    if (operation.isFollowed) return await this.follow(operation, given, wanted);
    const { response } = await this.calls[id]({ client: this.connection, ...given });
    if (wanted !== undefined && response.status !== wanted)
      throw new Error(`${operation.name} with ${JSON.stringify(request)} answered ${response.status}, not ${wanted}:\n` +
                      JSON.stringify(this.checked.get(response)));
    return { status: response.status, headers: response.headers, data: this.checked.get(response) };
  }

  // Until each event of `until` has come. The generated client tells of events, and of no answer that has none: that is looked at on
  // its way to it.
  async follow(operation, { until = ["counts", "health"], ...request }, wanted) {
    const missing = new Set(until);
    const answer = { events: [] };
    const leaving = new AbortController();
    const { stream } = await this.calls[operation.id]({
      client: this.connection,
      ...request,
      signal: leaving.signal,
      sseMaxRetryAttempts: 1,
      onSseEvent: ({ event, id, data }) => {
        if (data === undefined) return; // a comment, or when to come again
        answer.events.push({ event, id, data });
        missing.delete(event);
      },
      fetch: async (asked) => {
        const response = await fetch(asked);
        Object.assign(answer, { status: response.status, headers: response.headers });
        if (!response.ok) answer.body = new Uint8Array(await response.clone().arrayBuffer());
        return response;
      },
    });
    for await (const _ of stream) if (missing.size === 0) break;
    leaving.abort();
    if (answer.status === undefined) throw new Error(`${operation.name} was not answered`);
    const data = this.contract.check(operation, answer);
    if (wanted !== undefined && answer.status !== wanted)
      throw new Error(`${operation.name} answered ${answer.status}, not ${wanted}:\n${JSON.stringify(data)}`);
    if (answer.status === 200 && missing.size > 0) throw new Error(`of ${operation.name} never came: ${[...missing].join()}`);
    return { status: answer.status, headers: answer.headers, data };
  }

  // What a client of the document cannot send: another method, another Host, a body of which only the length is told. The answer
  // must be one of the operation's.
  async send(operation, { method = operation.method, headers = {} }) {
    const { url, headers: usual } = this.requestOf(operation);
    const answer = await new Promise((resolve, reject) => {
      const sent = sendRequest(url, { method, headers: { ...usual, ...headers }, agent: false }, (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          resolve({ status: response.statusCode, headers: new Headers(response.headers), body: Buffer.concat(parts) });
          sent.destroy();
        });
      });
      sent.on("error", reject);
      if (headers.expect) sent.flushHeaders();
      else sent.end();
    });
    if (method !== "HEAD") this.contract.check(operation, answer);
    return answer;
  }

  // What the call would be without the generated client.
  requestOf(operation) {
    const token = this.tokens[operation.roleWhereRedacted];
    const path = Object.entries(this.pathOf(operation)).reduce(
      (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value)), operation.path) +
      (operation.queryExample ? `?${new URLSearchParams(operation.queryExample)}` : "");
    return { url: this.base + path, headers: token ? { authorization: `Bearer ${token}` } : {} };
  }

  // False: the broker's own clients are the workers, and whatever is asked for is answered 409.
  does(operation) {
    return !operation.isWork || this.ids.queues !== undefined;
  }

  // What is there: /v1/letters/{id} becomes a letter's.
  pathOf(operation) {
    return this.fillIn(operation, (word) => this.ids[word] ?? NOBODYS[word] ?? NOBODY);
  }

  nobodysPathOf(operation) {
    return this.fillIn(operation, (word) => NOBODYS[word] ?? NOBODY);
  }

  // `idOf`: by the word before it.
  fillIn(operation, idOf) {
    const path = {};
    for (const { name } of operation.parametersIn("path"))
      path[name] = idOf(operation.path.split("/").find((_, at, words) => words[at + 1] === `{${name}}`));
    return path;
  }
}
