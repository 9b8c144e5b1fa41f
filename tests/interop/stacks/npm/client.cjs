// npm soap as a foreign client: one JSON object a line in, one out, until stdin ends (see tests/interop/drivers.py).
"use strict";

const readline = require("node:readline");
const { Readable } = require("node:stream");
const soap = require("soap");

// The stack's own place for another way of sending: a body handed to the HTTP library as a stream goes out in chunks.
class InChunks extends soap.HttpClient {
  buildRequest(...asked) {
    const request = super.buildRequest(...asked);
    const bytes = Buffer.from(request.data, "utf-8");
    delete request.headers["Content-Length"];
    request.data = Readable.from([bytes.subarray(0, 100), bytes.subarray(100)]);
    request.maxRedirects = 0;
    return request;
  }
}

const clients = new Map();

async function clientOf(job) {
  const name = `${job.wsdl} ${job.version} ${job.chunked}`;
  if (!clients.has(name)) {
    const options = { forceSoap12Headers: job.version === "1.2", endpoint: job.url };
    if (job.chunked) options.httpClient = new InChunks();
    clients.set(name, await soap.createClientAsync(job.wsdl, options));
  }
  const client = clients.get(name);
  client.setEndpoint(job.url);
  const security = { passwordType: "PasswordDigest", hasTimeStamp: true, hasNonce: true, mustUnderstand: true };
  client.setSecurity(new soap.WSSecurity(job.user, job.password, security));
  client.addHttpHeader("Accept-Encoding", job.gzip ? "gzip" : "identity");
  return client;
}

function portOf(client, version) {
  return client.PostalTracking[version === "1.2" ? "PostalTrackingSoap12" : "PostalTrackingSoap11"];
}

function ask(port, operation, told) {
  return new Promise((resolve, reject) =>
    port[operation](told, (error, reply) => (error ? reject(error) : resolve(reply))),
  );
}

const some = (value) => (value === undefined ? null : value);
const seconds = (date) => Math.floor(new Date(date).getTime() / 1000);

const OPERATIONS = {
  async ping(port, job) {
    const reply = await ask(port, "Ping", job.echo === null ? {} : { echo: job.echo });
    return { echo: some(reply.echo), accepting: reply.accepting, contract: reply.contractVersion };
  },
  async history(port, job) {
    const reply = await ask(port, "GetItemHistory", { itemNumber: job.number });
    const events = ((reply.events || {}).event || []).map((event) => ({
      code: event.code.$value,
      list: event.code.attributes.list,
      at: seconds(event.occurred.at),
      text: some(event.text),
    }));
    return { found: reply.found, complete: reply.complete, next: some(reply.nextPageToken), events };
  },
  async others(port, job) {
    const ticket = await ask(port, "OpenTicket", { requestId: job.name, items: { itemNumber: [job.number] } });
    const page = await ask(port, "GetItemsByTicket", { ticketId: ticket.ticketId, page: 1 });
    const manifest = await ask(port, "ConfirmManifest", {
      requestId: job.name,
      manifestNumber: job.name,
      revision: 1,
      role: "GIVING",
      office: { code: "H99.01", scheme: "UNIT" },
      counterparty: { code: "H99.02", scheme: "UNIT" },
      confirmedAt: job.at,
      confirmedBy: "nv-07",
      expected: 1,
      found: 1,
      lines: { line: [{ itemNumber: job.number, outcome: "PRESENT" }] },
    });
    const items = ((page.items || {}).item || []).length;
    return { state: page.state, page: Number(page.page), items, manifest: manifest.status, revision: Number(manifest.revision) };
  },
  async push(port, job) {
    const events = job.events.map((event) => ({
      itemNumber: event.number,
      code: { attributes: { list: event.list }, $value: event.code },
      ...(event.text === null ? {} : { text: event.text }),
      occurred: { at: event.at, precision: "SECOND" },
    }));
    const told = { batchId: job.batch, sender: job.user, sentAt: job.sent_at, events: { event: events } };
    const reply = await ask(port, "PushEvents", told);
    const results = reply.results.result.map((one) => [Number(one.index), one.outcome, some(one.code)]);
    return { repeated: reply.repeated, accepted: Number(reply.accepted), rejected: Number(reply.rejected), results };
  },
};

function faultOf(error) {
  const fault = error.root && error.root.Envelope && error.root.Envelope.Body && error.root.Envelope.Body.Fault;
  if (!fault) return { error: String(error) };
  const told = (value) => (value && value.$value !== undefined ? value.$value : value);
  const detail = (fault.detail || fault.Detail || {}).ServiceFault || {};
  const code = fault.faultcode ? told(fault.faultcode) : told(fault.Code.Value);
  return {
    fault: { side: String(code).split(":").pop(), code: some(detail.code), vi: some(detail.messageVi) },
  };
}

async function answer(job) {
  try {
    return await OPERATIONS[job.operation](portOf(await clientOf(job), job.version), job);
  } catch (error) {
    return faultOf(error);
  }
}

async function main() {
  const { version } = require("soap/package.json");
  console.log(JSON.stringify({ ready: true, stack: version, on: process.versions.node }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await answer(JSON.parse(line))));
  }
}

main();
