// npm soap as a foreign server: POST /VERSION/WIRE, e.g. /1.1/gzip (see tests/interop/drivers.py).
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const zlib = require("node:zlib");
const soap = require("soap");

const NS = "urn:x-lienthong:postal-tracking:1";
const [USER, PASSWORD] = ["lienthong", "what we share"];
const [wsdl, scenarioFile] = process.argv.slice(2);
const scenarios = JSON.parse(fs.readFileSync(scenarioFile, "utf-8"));
const described = fs.readFileSync(wsdl, "utf-8");

const code = (value, list) => ({ attributes: { list }, $value: value });

function eventOf(told, number) {
  return {
    ...(told.id ? { eventId: told.id } : {}),
    itemNumber: number,
    code: code(told.code, "M40"),
    ...(told.text ? { text: told.text } : {}),
    occurred: { at: told.at, precision: "SECOND" },
    ...(told.uri ? { evidence: [evidenceOf(told.uri)] } : {}),
  };
}

function evidenceOf(uri) {
  return { kind: code("SIGNATURE", "LT-EVIDENCE"), sha256: "AB".repeat(32), mediaType: "image/png", bytes: 9, uri };
}

function faultOf(told, version) {
  const detail = {
    ServiceFault: {
      attributes: { xmlns: NS },
      code: told.code,
      retryable: told.retryable,
      retryAfterSeconds: told.after_s,
      correlationId: "npm-1",
      messageVi: told.vi,
      messageEn: told.en,
      violations: {},
    },
  };
  if (version === "1.1") return { Fault: { faultcode: "soap:Server", faultstring: told.en, detail } };
  return { Fault: { Code: { Value: "soap:Receiver" }, Reason: { Text: told.en }, Detail: detail } };
}

const operations = (version) => ({
  GetItemHistory(asked, answer) {
    const number = asked.itemNumber;
    const told = scenarios[number];
    if (told.fault) throw faultOf(told.fault, version);
    const events = told.events.flatMap((one) => Array(one.repeat || 1).fill(eventOf(one, number)));
    const reply = {
      itemNumber: number,
      found: true,
      complete: true,
      asOf: new Date().toISOString(),
      ...(told.status ? { status: code(told.status, "LT-MOVEMENT"), terminal: told.terminal } : {}),
      events: events.length ? { event: events } : {},
    };
    setTimeout(() => answer(null, reply), told.wait_ms || 0);
  },
  Ping(asked) {
    const now = new Date().toISOString();
    return { ...(asked && asked.echo ? { echo: asked.echo } : {}), serverTime: now, contractVersion: "1.0", accepting: true };
  },
});

// The stack's own hook for WS-Security, and its own digest.
function authenticate(security) {
  const { Username, Password, Nonce, Created } = (security || {}).UsernameToken || {};
  const text = (element) => (element && element.$value !== undefined ? element.$value : element);
  const digest = soap.passwordDigest(text(Nonce), text(Created), PASSWORD);
  const wanted = (Password.attributes.Type || "").endsWith("#PasswordDigest") ? digest : PASSWORD;
  return text(Username) === USER && text(Password) === wanted;
}

// What a compressing layer in front of the stack does: the stack itself cannot compress an answer.
function compress(response) {
  const parts = [];
  const end = response.end.bind(response);
  response.write = (part) => parts.push(Buffer.from(part));
  response.end = (part) => {
    if (part) parts.push(Buffer.from(part));
    response.setHeader("Content-Encoding", "gzip");
    end(zlib.gzipSync(Buffer.concat(parts)));
  };
}

async function main() {
  const server = http.createServer((request, response) => response.writeHead(404).end());
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const ports = (version) => {
    const post = operations(version);
    return { PostalTracking: { PostalTrackingSoap11: post, PostalTrackingSoap12: post } };
  };
  for (const version of ["1.1", "1.2"]) {
    for (const wire of ["plain", "gzip", "chunked"]) {
      const path = `/${version}/${wire}`;
      const xml = described.replaceAll(/location="https:[^"]*"/g, `location="http://127.0.0.1${path}"`);
      await new Promise((resolve) => {
        const listening = soap.listen(server, {
          path,
          services: ports(version),
          xml,
          uri: wsdl,
          forceSoap12Headers: version === "1.2",
          enableChunkedEncoding: wire === "chunked",
          callback: resolve,
        });
        listening.authenticate = authenticate;
      });
    }
  }
  server.prependListener("request", (request, response) => {
    if (request.url.startsWith("/1.1/gzip") || request.url.startsWith("/1.2/gzip")) compress(response);
  });
  const { version } = require("soap/package.json");
  console.log(JSON.stringify({ ready: true, port: server.address().port, stack: version }));
  process.stdin.resume().on("end", () => process.exit(0));
}

main();
