// A client that is not ours: it sends one document by MTOM to the address that it is given, and prints as JSON what came
// back: its name, and the attachments in base64.
const soap = require("soap");

const [wsdl, address, name, content] = process.argv.slice(2);
const include = { attributes: { "xmlns:xop": "http://www.w3.org/2004/08/xop/include", href: "cid:one@npm" } };
const attachment = {
  mimetype: "application/octet-stream",
  contentId: "one@npm",
  name: "one",
  body: Buffer.from(content, "base64"),
};

(async () => {
  const client = await soap.createClientAsync(wsdl, { parseReponseAttachments: true });
  client.setEndpoint(address);
  const options = { attachments: [attachment], forceMTOM: true };
  const [result] = await client.StoreDocumentAsync({ name, content: { "xop:Include": include } }, options);
  const came = client.lastResponseAttachments || { parts: [] };
  const parts = came.parts.map((part) => Buffer.from(part.body).toString("base64"));
  console.log(JSON.stringify({ name: result.name, parts }));
})();
