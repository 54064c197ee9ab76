// SOAP servers that are not ours, one for each WSDL named on the command line, at /0, /1 …; its first line of output is
// JSON: the port, and for each WSDL what was wrong with it or null. What they answer next is told by POST /next:
// {result} for the package to write, {envelope} to be sent as it stands, or {fault}; {headers} go before. GET /heard gives
// what was asked and answered since the last look: path, media type, action, body, reply, operation.
const fs = require("fs");
const http = require("http");
const path = require("path");
const soap = require("soap");

const [catalogue, ...files] = process.argv.slice(2);
const known = catalogue === "-" ? {} : JSON.parse(fs.readFileSync(path.join(catalogue, "catalog.json"), "utf8"));
let next = {};
let heard = [];
let handled = [];

function operation(name) {
  return (args, callback, headers) => {
    handled.push({ operation: name, headers: headers || null, arguments: args });
    if (next.fault) throw { Fault: JSON.parse(JSON.stringify(next.fault)) };
    return next.result === undefined ? {} : next.result;
  };
}
const anything = (make) => new Proxy({}, { get: (_, name) => make(name), has: () => true });
const services = anything(() => anything(() => anything(operation)));

function offline(location) {
  if (known[location]) return path.join(catalogue, known[location]);
  if (/^https?:/i.test(location)) throw new Error("not in the catalogue");
  return decodeURIComponent(location);
}

function body(request) {
  return new Promise((resolve) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => resolve(Buffer.concat(chunks)));
  });
}

const server = http.createServer(async (request, response) => {
  if (request.url === "/next") {
    next = JSON.parse((await body(request)).toString());
    return response.end();
  }
  if (request.url !== "/heard") return response.writeHead(404).end();
  response.end(JSON.stringify({ exchanges: heard, handled }));
  [heard, handled] = [[], []];
});

function tapped(request, response) {
  if (request.method !== "POST" || request.url === "/next") return;
  const exchange = {
    path: request.url,
    media: request.headers["content-type"],
    action: request.headers.soapaction === undefined ? null : request.headers.soapaction,
    reply: "",
  };
  heard.push(exchange);
  body(request).then((bytes) => (exchange.body = bytes.toString("base64")));
  const write = response.write.bind(response);
  response.write = (text, ...rest) => {
    exchange.reply += text;
    return write(text, ...rest);
  };
}

function opened(file, index) {
  return new Promise((resolve) => {
    try {
      const one = soap.listen(server, {
        path: `/${index}`,
        services,
        xml: fs.readFileSync(file, "utf8"),
        uri: file,
        wsdl_options: { overrideImportLocation: offline },
        suppressStack: true,
        callback: (error) => {
          if (error) return resolve(String(error.message || error));
          one.on("response", (reply) => {
            if (next.envelope !== undefined) reply.result = next.envelope;
          });
          if (next.headers) one.addSoapHeader(next.headers);
          resolve(null);
        },
      });
      setTimeout(() => resolve("it never became ready"), 10000).unref();
    } catch (error) {
      resolve(String(error.message || error));
    }
  });
}

(async () => {
  const problems = [];
  for (const [index, file] of files.entries()) problems.push(await opened(file, index));
  server.prependListener("request", tapped);
  server.listen(0, "127.0.0.1", () => {
    console.log(JSON.stringify({ port: server.address().port, problems }));
  });
})();
process.on("uncaughtException", (error) => console.error(String(error)));
