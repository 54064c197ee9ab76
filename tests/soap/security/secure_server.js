// A service that believes only requests whose digest and signature it finds true, and signs what it answers. The packages
// soap and xml-crypto do the work. Arguments: password, file of its key, file of its certificate. It prints its port.
const { readFileSync } = require("fs");
const http = require("http");
const { DOMParser } = require("@xmldom/xmldom");
const { SignedXml } = require("xml-crypto");
const { WSSecurityCert } = require("soap");
const { passwordDigest } = require("soap/lib/utils");
const xpath = require("xpath");

const [password, keyFile, certFile, answer] = process.argv.slice(2);
const find = (where, node) => xpath.select(where, node);
const text = (name, node) => find(`string(.//*[local-name()='${name}'])`, node);

function digestIsTrue(document) {
  const [token] = find("//*[local-name()='UsernameToken']", document);
  return passwordDigest(text("Nonce", token), text("Created", token), password) === text("Password", token);
}

function signedNames(xml, document) {
  const pem = text("BinarySecurityToken", document).match(/.{1,64}/g).join("\n");
  const signature = new SignedXml({
    publicCert: `-----BEGIN CERTIFICATE-----\n${pem}\n-----END CERTIFICATE-----\n`, getCertFromKeyInfo: () => null,
    idMode: "wssecurity",
  });
  signature.loadSignature(find("//*[local-name()='Signature']", document)[0]);
  if (!signature.checkSignature(xml)) throw new Error("the signature is not true");
  return signature.getSignedReferences().map((part) => new DOMParser().parseFromString(part).documentElement.localName);
}

const server = http.createServer(async (request, response) => {
  let xml = "";
  request.setEncoding("utf8");
  for await (const chunk of request) xml += chunk;
  try {
    const document = new DOMParser().parseFromString(xml);
    const signed = signedNames(xml, document);
    if (!digestIsTrue(document)) throw new Error("the digest is not true");
    const said = answer.replace("NAMES", signed.sort().join(" "));
    const cert = new WSSecurityCert(readFileSync(keyFile), readFileSync(certFile), "", {
      signatureAlgorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    });
    response.writeHead(200, { "Content-Type": "text/xml; charset=utf-8" }).end(cert.postProcess(said, "s"));
  } catch (error) {
    response.writeHead(403).end(String(error.message));
  }
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
