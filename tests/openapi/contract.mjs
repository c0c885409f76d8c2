// What an OpenAPI document promises: whether it is well-formed itself, whether an answer keeps it, and which of its promises
// have been seen at all.
import { createConfig, lintFromString } from "@redocly/openapi-core";
import addFormats from "ajv-formats";
import Ajv from "ajv/dist/2020.js";

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const MAX_SHOWN_CHARACTERS = 2000;

// What is wrong with the document, one line each.
export async function lint(text) {
  const config = await createConfig({
    extends: ["recommended-strict"],
    rules: {
      "no-invalid-parameter-examples": "error",
      "no-invalid-schema-examples": "error",
      "no-unused-components": "error",
      "operation-4xx-response": "off", // /healthz refuses nobody for what is asked for: `default` is all there is
    },
  });
  const problems = await lintFromString({ source: text, absoluteRef: "/openapi.json", config });
  return problems.map((problem) => `${problem.ruleId}: ${problem.message} ${problem.location[0]?.pointer ?? ""}`);
}

// One call of the document.
class Operation {
  constructor(document, path, method) {
    const item = document.paths[path];
    const described = item[method];
    this.path = path;
    this.method = method.toUpperCase();
    this.id = described.operationId;
    this.role = described["x-role"]; // undefined: no token is asked for
    this.roleWhereRedacted = described["x-role-where-redacted"] ?? this.role;
    this.isWork = described.tags.includes("work");
    this.isFollowed = described.responses["200"]?.content?.["text/event-stream"] !== undefined;
    this.responses = described.responses;
    this.parameters = [...(item.parameters ?? []), ...(described.parameters ?? [])].map((each) => resolve(document, each));
    for (const parameter of this.parameters) parameter.schema = resolve(document, parameter.schema);
    this.bodyExample = described.requestBody?.content["application/json"].example;
    this.queryExample = described["x-example-query"]; // what a call cannot do without
    this.takesBody = described.requestBody !== undefined;
    this.pointer = `/paths/${escape(path)}/${method}`;
  }

  get name() {
    return `${this.method} ${this.path}`;
  }

  parametersIn(where) {
    return this.parameters.filter((parameter) => parameter.in === where);
  }
}

export class Contract {
  constructor(document) {
    this.document = document;
    this.operations = [];
    for (const [path, item] of Object.entries(document.paths))
      for (const method of METHODS) if (item[method]) this.operations.push(new Operation(document, path, method));
    this.ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });
    addFormats(this.ajv);
    this.ajv.addVocabulary(Object.keys(document)); // so that schemas can be found where they are in it
    this.ajv.addSchema(document, "document");
    this.statuses = new Map(this.operations.map((operation) => [operation, new Map()]));
    this.parametersTaken = new Map(this.operations.map((operation) => [operation, new Set()]));
  }

  operation(id) {
    const found = this.operations.find((operation) => operation.id === id);
    if (!found) throw new Error(`the document has no operation ${id}`);
    return found;
  }

  operationAt(method, path) {
    const found = this.operations.find((operation) => operation.method === method && operation.path === path);
    if (!found) throw new Error(`the document has no ${method} ${path}`);
    return found;
  }

  // Throws where the answer {status, headers, body} is not one that the document tells of. Gives what is in it. `events` in place of a
  // body: those that were waited for of an answer that goes on and on.
  check(operation, answer, parameters = []) {
    const told = (why) => new Error(`${operation.name} answered ${answer.status}: ${why}\n${shorten(answer.body)}`);
    const key = String(answer.status) in operation.responses ? String(answer.status) : "default";
    let pointer = `${operation.pointer}/responses/${key}`;
    let response = operation.responses[key];
    if (!response) throw told("the document does not tell of that status");
    if (key === "default" && answer.status < 400) throw told("`default` is for what is refused");
    if (response.$ref) [pointer, response] = [response.$ref.slice(1), resolve(this.document, response)];

    for (const [name, reference] of Object.entries(response.headers ?? {})) {
      const value = answer.headers.get(name);
      const header = resolve(this.document, reference);
      if (value === null && header.required) throw told(`the header ${name} is not there`);
      if (value === null) continue;
      const headerPointer = reference.$ref?.slice(1) ?? `${pointer}/headers/${escape(name)}`;
      const problem = this.problemWith(value, `${headerPointer}/schema`);
      if (problem) throw told(`the header ${name}: ${problem}`);
    }

    const type = (answer.headers.get("content-type") ?? "").split(";")[0];
    if (!response.content[type]) throw told(`its type is ${type}, not ${Object.keys(response.content).join(" or ")}`);
    let data = answer.body;
    if (type === "text/event-stream") {
      data = answer.events ?? [];
      for (const event of data) {
        const problem = this.problemWith(event, `${pointer}/content/${escape(type)}/schema`);
        if (problem) throw told(`${JSON.stringify(event)}: ${problem}`);
      }
    } else if (type === "application/x-ndjson") {
      data = this.linesOf(answer.body, `${pointer}/content/${escape(type)}/schema`, told);
    } else if (type.endsWith("json")) {
      try {
        data = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(answer.body));
      } catch (error) {
        throw told(`it is not JSON: ${error.message}`);
      }
      const problem = this.problemWith(data, `${pointer}/content/${escape(type)}/schema`);
      if (problem) throw told(problem);
    }
    if (type === "application/problem+json" && data.status !== answer.status) throw told("its problem tells of another status");

    const seen = this.statuses.get(operation);
    seen.set(key, (seen.get(key) ?? 0) + 1);
    if (answer.status < 300) for (const name of parameters) this.parametersTaken.get(operation).add(name);
    return data;
  }

  // What stands on each line; the schema is that of a line.
  linesOf(body, pointer, told) {
    const lines = new TextDecoder("utf-8", { fatal: true }).decode(body).split("\n");
    if (lines.pop() !== "") throw told("it does not end with a line");
    return lines.map((line) => {
      const data = JSON.parse(line);
      const problem = this.problemWith(data, pointer);
      if (problem) throw told(problem);
      return data;
    });
  }

  // Undefined where `data` is as the schema at that place of the document says.
  problemWith(data, pointer) {
    const validate = this.ajv.getSchema(`document#${pointer.split("/").map(encodeURIComponent).join("/")}`);
    if (!validate) throw new Error(`the document has no schema at ${pointer}`);
    return validate(data) ? undefined : this.ajv.errorsText(validate.errors, { dataVar: "answer", separator: "\n" });
  }

  // What the document tells of and nobody has seen: statuses, and parameters in a call that succeeded. `excused(operation,
  // status)`: that nobody can bring about here. `isDone(operation)`: that it can succeed here at all.
  unseen(excused, isDone) {
    const unseen = [];
    for (const operation of this.operations) {
      for (const status of Object.keys(operation.responses))
        if (!this.statuses.get(operation).has(status) && !excused(operation, status)) unseen.push(`${operation.name}: ${status}`);
      for (const { name } of [...operation.parametersIn("query"), ...operation.parametersIn("header")])
        if (isDone(operation) && !this.parametersTaken.get(operation).has(name)) unseen.push(`${operation.name}: the parameter ${name}`);
    }
    return unseen;
  }

  // A line an operation.
  account() {
    return this.operations.map((operation) => {
      const counts = [...this.statuses.get(operation)].sort().map(([status, count]) => `${status} x ${count}`);
      return `${operation.name}: ${counts.join(", ")}`;
    });
  }
}

// What stands where a reference leads to, one that leads to another included.
export function resolve(document, value) {
  if (value?.$ref === undefined) return value;
  const target = value.$ref
    .slice(2)
    .split("/")
    .reduce((place, name) => place[name.replaceAll("~1", "/").replaceAll("~0", "~")], document);
  return resolve(document, target);
}

function escape(name) {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function shorten(body) {
  const text = new TextDecoder().decode(body);
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
}
