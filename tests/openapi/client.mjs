// Makes a client from the document that a server serves, calls everything with it, and holds every answer against the document.
// Usage: node client.mjs WORLD.json FOLDER
//
// WORLD.json tells of running servers over the same kind of data, of which each cannot do something:
//   full       {url, tokens: {viewer, operator, admin, second, third}, ids: {letters, executions, groups, queues, dead_letter_queue},
//              unreadable}: can do all, but where `queues` is not there, no work
//   observing  {url}: without tokens; replays nothing, and is not ready
//   narrow     {url}: takes one request a second
//   away       {url}, or null where there is none: cannot reach its ledger
// FOLDER is where the generated client goes. Fails where an answer is not as the document says, where the document is no good one,
// and where something that it tells of was never seen.
import { readFileSync } from "node:fs";

import { Contract, lint } from "./contract.mjs";
import { changeEverything } from "./deeds.mjs";
import { generate } from "./generate.mjs";
import { lookAtEverything, lookAtEveryLetter } from "./looking.mjs";
import { askAll, askForTrouble, askTooOften, comeFromElsewhere, followTogether } from "./refusals.mjs";
import { Server } from "./server.mjs";

async function readDocument({ url, tokens }) {
  const answer = await fetch(`${url}/v1/openapi.json`, { headers: { authorization: `Bearer ${tokens.viewer}` } });
  if (answer.status !== 200) throw new Error(`the document is not served: ${answer.status}`);
  return await answer.text();
}

async function main([worldFile, folder]) {
  const world = JSON.parse(readFileSync(worldFile, "utf8"));
  const text = await readDocument(world.full);
  const mistakes = await lint(text);
  if (mistakes.length > 0) throw new Error(`the document has mistakes:\n${mistakes.join("\n")}`);
  const contract = new Contract(JSON.parse(text));
  const client = await generate(contract.document, folder);
  const connect = (described) => new Server({ contract, client, ...described });

  const full = connect(world.full);
  full.ids.replays = await changeEverything(full, world.full.unreadable);
  await lookAtEverything(full);
  const letters = await lookAtEveryLetter(full);
  await askForTrouble(full);
  await followTogether(full);
  const observing = connect(world.observing);
  await comeFromElsewhere(observing);
  await askAll(observing);
  await askTooOften(connect(world.narrow));
  if (world.away) await askAll(connect(world.away));

  // Nobody can order a mistake of ours (500); a ledger that cannot be reached only where it is a server; and work only where it is
  // to be had; nor does another instance take the index of words away.
  const ofWork = ["200", "201", "404", "422", "503"];
  const excused = (operation, status) =>
    status === "500" || (status === "409" && ["listLetters", "exportLetters"].includes(operation.id)) || (status === "503" && !world.away && operation.id !== "checkReadiness") ||
    (!full.does(operation) && ofWork.includes(status));
  const unseen = contract.unseen(excused, (operation) => full.does(operation));
  if (unseen.length > 0) throw new Error(`the document tells of what was never seen:\n${unseen.join("\n")}`);
  console.log([...contract.account(), `${letters.length} letters, ${contract.operations.length} operations`].join("\n"));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.stack ?? error);
  process.exitCode = 1;
});
