// A SOAP server that is not ours: it answers the WSDL beside the tests and prints its port. GET /calls gives what it
// was asked since the last look.
const fs = require("fs");
const http = require("http");
const path = require("path");
const soap = require("soap");

const wsdl = fs.readFileSync(process.argv[2] || path.join(__dirname, "..", "billing.wsdl"), "utf8");
const row = (number, index) => ({
  attributes: { id: String(index + 1) },
  "t:number": number,
  "t:total": { attributes: { currency: "EUR" }, $value: "12.50" },
  "t:state": "paid-late",
  "t:iban": "DE & <12>",
});

let calls = [];
const operations = {
  GetInvoices(args) {
    calls.push(["GetInvoices", args]);
    const { numbers } = args;
    const wanted = [].concat((numbers && numbers.item) || []);
    if (wanted.includes("none")) {
      throw { Fault: { faultcode: "soap:Client", faultstring: "no such row in db7", statusCode: 500 } };
    }
    return { item: wanted.map(row) };
  },
  PostInvoice(args) {
    calls.push(["PostInvoice", args]);
    const { total } = args.invoice;
    return { accepted: [total.$value, total].some((value) => Number(value) === 0.1) };
  },
};

const server = http.createServer((request, response) => {
  if (request.url !== "/calls") return response.writeHead(404).end();
  response.end(JSON.stringify(calls));
  calls = [];
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  const described = wsdl.replace("127.0.0.1:9/", `127.0.0.1:${port}/`);
  soap.listen(server, "/billing", { Billing: { BillingSoap: operations } }, described, () => console.log(port));
});
