// What changes something, and what it must not: by hand, for the document cannot say what is there to be changed.

const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 50;

// `unreadable`: a letter whose body is no JSON. Gives a replay that has ended.
export async function changeEverything(server, unreadable) {
  await writeRemarks(server);
  await revealWhatIsRedacted(server, unreadable);
  const replay = await replayLetters(server);
  await server.call("followEvents", { until: ["counts", "health", "replay"], wanted: 200 });
  await discardLetters(server);
  await waitUntilCounted(server);
  await muteAGroup(server);
  await work(server);
  return replay;
}

async function writeRemarks(server) {
  await server.call("addNote", { body: { text: "it was the deploy" }, wanted: 201 });
  await server.call("addNote", { body: { text: "  " }, wanted: 422 });
  await server.call("addNote", { body: { text: "once" }, headers: KEY, wanted: 400 });
  await server.call("changeTags", { body: { add: ["deploy", "b"], remove: ["new"] }, wanted: 200 });
  await server.call("changeTags", { body: { remove: ["b"] }, wanted: 200 });
  await server.call("changeTags", { body: { add: ["two words"] }, wanted: 422 });
  const { data } = await server.call("showLetter", { wanted: 200 });
  if (data.notes.length !== 1 || data.tags.join() !== "deploy") throw new Error(`of the remarks is left: ${JSON.stringify(data)}`);
}

async function revealWhatIsRedacted(server, unreadable) {
  const masked = await server.call("showLetter", { wanted: 200 });
  if (!masked.data.body.redacted) throw new Error(`nothing in it is redacted: ${JSON.stringify(masked.data.body)}`);
  await server.call("showLetter", { query: { reveal: true }, wanted: 403 });
  await server.call("readBody", { path: { id: unreadable }, wanted: 403 });
  await server.call("readBody", { path: { id: unreadable }, role: "admin", query: { reveal: true }, wanted: 200 });
}

async function replayLetters(server) {
  const filter = { outcome: "failed", state: "open" };
  const edit = {
    body: [
      { op: "test", path: "/message_type", value: "ExecutionRequested" },
      { op: "replace", path: "/payload/action_ref", value: "core.sleep" },
      { op: "add", path: "/payload/config/mended", value: true },
    ],
    set_headers: { reason: "again", attempt: 2, urgent: true },
    unset_headers: ["trace"],
  };
  const preview = await server.call("makeReplay", { body: { filter, edit, dry_run: true }, wanted: 200 });
  if (!(preview.data.letters > 1)) throw new Error(`there is too little to replay: ${JSON.stringify(preview.data)}`);
  // What is redacted is an admin's to change.
  const secret = { body: [{ op: "add", path: "/payload/config/password", value: "0ther" }] };
  for (const [role, wanted] of [["operator", 403], ["admin", 200]])
    await server.call("makeReplay", { role, body: { filter, edit: secret, dry_run: true }, wanted });

  // One that ends at once, by itself: no queue takes what it sends.
  const nowhere = { exchange: "", routing_key: "no.such.queue" };
  const ended = await make(server, { filter, redirect: nowhere });
  await waitForEnd(server, ended);
  // And one that takes its time, is edited, and is steered.
  const stop_when = { failed_again_percent: 50, queue_messages: 1000 };
  const slow = await make(server, { filter, edit, rate_per_second: 0.001, ramp: true, stop_when, answer_within_seconds: 60 });
  await server.call("makeReplay", { body: { ids: [server.ids.letters] }, wanted: 409 });
  const { data: held } = await server.call("showLetter", { wanted: 200 });
  if (held.in_replay !== slow) throw new Error(`${slow} holds the letter, and it says ${held.in_replay}`);
  for (const [id, wanted] of [["resumeReplay", 409], ["pauseReplay", 200], ["pauseReplay", 409], ["resumeReplay", 200],
                              ["cancelReplay", 200], ["cancelReplay", 409]])
    await server.call(id, { path: { id: slow }, wanted });
  await server.call("makeReplay", { body: { filter: { execution_id: "nobody's" } }, wanted: 422 });
  await server.call("makeReplay", { body: { ids: [server.ids.letters], dry_run: true }, wanted: 200 });
  return ended;
}

// Groups are counted behind the letters.
async function waitUntilCounted(server) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { data } = await server.call("showStatistics", { wanted: 200 });
    if (data.uncounted_letters === 0) return;
    if (Date.now() > deadline) throw new Error(`letters are not counted: ${JSON.stringify(data)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function muteAGroup(server) {
  await server.call("muteGroup", { body: { for: 3600 }, wanted: 200 });
  const { data } = await server.call("listGroups", { query: { muted: true }, wanted: 200 });
  if (data.items.length !== 1) throw new Error(`muted are ${JSON.stringify(data.items)}`);
  await server.call("muteGroup", { body: { for: 0 }, wanted: 200 });
  await server.call("muteGroup", { body: { for: -1 }, wanted: 400 });
}

const KEY = { "Idempotency-Key": '"8e03978e-40d5-43e8-bc93-6894a57f9324"' };

async function submitOnce(server, submission, first) {
  const { data } = await server.call("submitExecutions", { body: submission, headers: KEY, wanted: 201 });
  if (data.execution_ids.join() !== first.execution_ids.join()) throw new Error(`submitted again: ${JSON.stringify(data)}`);
  await server.call("submitExecutions", { body: { ...submission, count: 1 }, headers: KEY, wanted: 422 });
}

async function work(server) {
  const queue = server.ids.queues;
  if (queue === undefined) return;
  const submission = { queue, action: "core.echo", payload: { password: "S3cret" }, ttl_ms: 600_000, worker_id: "7" };
  const { data } = await server.call("submitExecutions", { body: { ...submission, count: 2 }, headers: KEY, wanted: 201 });
  if (data.execution_ids.length !== 2) throw new Error(`submitted ${JSON.stringify(data)}`);
  await submitOnce(server, { ...submission, count: 2 }, data);
  await server.call("submitExecutions", { body: { ...submission, queue: "no.such.queue" }, wanted: 404 });
  await server.call("submitExecutions", { body: { ...submission, queue: server.ids.dead_letter_queue }, wanted: 422 });
  await server.call("submitExecutions", { body: { ...submission, action: "x".repeat(1025) }, wanted: 422 });

  await server.call("leaseDeliveries", { role: "operator", body: {}, wanted: 403 });
  await server.call("leaseDeliveries", { path: { queue: server.ids.dead_letter_queue }, body: {}, wanted: 409 });
  const [sentBack] = await lease(server, 1);
  const path = { id: sentBack.id };
  await server.call("extendLease", { path, body: { lease: 90 }, wanted: 200 });
  await server.call("rejectDelivery", { path, body: { requeue: true }, wanted: 200 });
  await server.call("rejectDelivery", { path, wanted: 409 });
  await server.call("extendLease", { path, wanted: 409 });

  // What is replayed may be among them, and is done as well.
  const left = new Set(data.execution_ids);
  while (left.size > 0) {
    for (const { id, execution_id, body } of await lease(server, 2)) {
      const isOurs = left.delete(execution_id);
      if (isOurs && body.value.payload.config.password !== "S3cret") throw new Error(`leased ${JSON.stringify(body)}`);
      await server.call("acknowledgeDelivery", { path: { id }, body: { result: {}, status: "running" }, wanted: 422 });
      const done = await server.call("acknowledgeDelivery", { path: { id }, body: { result: { said: "hello" } }, wanted: 200 });
      if (!done.data.execution.moved) throw new Error(`acknowledged ${JSON.stringify(done.data)}`);
      await server.call("acknowledgeDelivery", { path: { id }, body: {}, wanted: 409 });
    }
  }
}

// Waits until there is something.
async function lease(server, max) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { data } = await server.call("leaseDeliveries", { body: { max, lease: 60, wait: 5 }, wanted: 200 });
    if (data.deliveries.length > 0) return data.deliveries;
    if (Date.now() > deadline) throw new Error("nothing comes to work on");
  }
}

async function discardLetters(server) {
  const filter = { outcome: "unexpected_type" };
  const discard = (body, wanted) => server.call("discardLetters", { body, wanted });
  const dry = await discard({ filter, dry_run: true }, 200);
  const done = await discard({ filter, why: "nobody knows them" }, 200);
  if (!(done.data.discarded > 0 && done.data.discarded === dry.data.discarded && dry.data.id === null))
    throw new Error(`discarded ${JSON.stringify(done.data)}, and was to be ${JSON.stringify(dry.data)}`);
  await discard({ filter }, 409);
  await discard({ filter: { execution_id: "nobody's" } }, 422);
}

// The id of a replay that is found where the answer says that it is.
async function make(server, body) {
  const made = await server.call("makeReplay", { body, wanted: 201 });
  const place = new URL(made.headers.get("location"), server.base);
  if (place.href !== `${server.base}/v1/replays/${made.data.id}`) throw new Error(`it is said to be at ${place}`);
  return made.data.id;
}

async function waitForEnd(server, id) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { data } = await server.call("showReplay", { path: { id }, wanted: 200 });
    if (data.ended_at) return;
    if (Date.now() > deadline) throw new Error(`the replay does not end: ${JSON.stringify(data)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
