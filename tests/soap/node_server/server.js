// A SOAP server that is not ours: it answers the WSDL beside the tests and prints its port.
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

const operations = {
  GetInvoices({ numbers }) {
    const wanted = [].concat((numbers && numbers.item) || []);
    if (wanted.includes("none")) {
      throw { Fault: { faultcode: "soap:Client", faultstring: "no such row in db7", statusCode: 500 } };
    }
    return { item: wanted.map(row) };
  },
  PostInvoice: ({ invoice }) => ({ accepted: [invoice.total.$value, invoice.total].some((total) => Number(total) === 0.1) }),
};

const server = http.createServer((request, response) => response.writeHead(404).end());
server.listen(0, "127.0.0.1", () => {
  soap.listen(server, "/billing", { Billing: { BillingSoap: operations } }, wsdl, () => {
    console.log(server.address().port);
  });
});
