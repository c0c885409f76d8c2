// A client as anybody would make it: a public generator writes it, a strict TypeScript compiler translates it.
import { createClient } from "@hey-api/openapi-ts";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);

// Writes it into `folder`. Gives its functions, one an operation, by the operation's id, and what connects them to a server.
export async function generate(document, folder) {
  const source = join(folder, "source");
  await createClient({
    input: document,
    output: source,
    plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
    logs: { level: "silent", file: false },
    interactive: false,
  });
  const compilerOptions = {
    strict: true,
    noEmitOnError: true,
    target: "ES2022",
    lib: ["ES2022", "DOM", "DOM.Iterable"],
    module: "CommonJS",
    moduleResolution: "Node10",
    types: [],
    outDir: join(folder, "built"),
  };
  const files = ["index.ts", "client/index.ts"];
  writeFileSync(join(source, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  try {
    execFileSync(process.execPath, [require.resolve("typescript/bin/tsc"), "--project", source], { encoding: "utf8" });
  } catch (error) {
    throw new Error(`the generated client is no TypeScript:\n${error.stdout}`);
  }
  const [calls, client] = ["index.js", "client/index.js"].map((file) => require(join(folder, "built", file)));
  return { calls, connect: client.createClient };
}
