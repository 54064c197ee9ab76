// Uses the explorer in a real browser as a person would, and prints what was seen as one JSON object.
// Arguments: the address of the gateway, the browser, an empty folder, and the steps to take as JSON.
import { chromium } from "playwright-core";

const [address, executablePath, folder, stepsText] = process.argv.slice(2);
const steps = JSON.parse(stepsText);
const seen = { requests: [], failed: [], console: [], workers: [] };

const context = await chromium.launchPersistentContext(folder, {
  executablePath,
  headless: true,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
  ],
  viewport: { width: 1400, height: 900 },
});
context.setDefaultTimeout(Number(steps.timeoutMs ?? 30000));
context.on("request", (request) => seen.requests.push(request.url()));
// A reload and the end break off what is still loading: from then on failures mean nothing.
let settled = false;
const fail = (what, url) => settled || seen.failed.push(`${what} ${url}`);
context.on("requestfailed", (request) => fail(request.failure()?.errorText, request.url()));
context.on("response", (response) => response.status() >= 400 && fail(response.status(), response.url()));

const plain = (text) => text.replaceAll("\u00a0", " ");
const editor = (page, name) => page.locator(`${name} .view-lines`).first();
const textOf = async (page, name) => plain(await editor(page, name).innerText());

try {
  const page = context.pages()[0] ?? (await context.newPage());
  page.on("console", (message) => message.type() === "error" && seen.console.push(message.text()));
  page.on("pageerror", (error) => seen.console.push(String(error)));
  page.on("worker", (worker) => seen.workers.push(worker.url()));

  await page.goto(`${address}/graphql`);
  await page.getByText(steps.without).waitFor();
  await editor(page, ".graphiql-query-editor").waitFor();
  seen.suggested = await textOf(page, ".graphiql-query-editor");

  await page.getByLabel("Bearer token").fill(steps.token);
  await page.getByLabel("Bearer token").press("Enter");
  await page.getByText("Requests carry the token.").waitFor();

  await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
  const docs = page.locator(".graphiql-doc-explorer");
  for (const name of steps.documentation) await docs.getByRole("link", { name, exact: true }).first().click();
  await docs.getByText(steps.description).waitFor();
  seen.documentation = await docs.innerText();

  const answered = page.waitForResponse((response) => response.url() === `${address}/graphql`);
  await page.getByRole("button", { name: /^Execute query/ }).click();
  seen.answer = await (await answered).json();
  await page.locator(".result-window").getByText(steps.expect).first().waitFor();
  seen.result = await textOf(page, ".result-window");
  if (steps.screenshot) await page.screenshot({ path: steps.screenshot });

  seen.sessionStorage = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  seen.localStorage = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  settled = true;
  await page.reload();
  await page.getByText("Requests carry the token.").waitFor();
  const other = await context.newPage();
  await other.goto(`${address}/graphql`);
  await other.getByText(steps.without).waitFor();
} finally {
  await context.close();
}
console.log(JSON.stringify(seen));
