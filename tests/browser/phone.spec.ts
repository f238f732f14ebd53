// A browser is a phone: JsSIP over secure WebSocket, with the box's own certificate.
import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { build } from "esbuild";
import { type Exchange, start } from "./exchange";

let exchange: Exchange;
let context: BrowserContext;
let page: Page;

test.describe.configure({ mode: "serial" });

test.use({
  launchOptions: {
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--ignore-certificate-errors", "--autoplay-policy=no-user-gesture-required", "--allow-loopback-in-peer-connection"],
  },
});

test.beforeAll(async ({ browser }) => {
  exchange = await start();
  const bundle = await build({ entryPoints: ["web-phone.js"], bundle: true, format: "iife", write: false, define: { global: "window" } });
  const script = bundle.outputFiles[0]?.text ?? "";
  context = await browser.newContext({ baseURL: exchange.secureUrl, ignoreHTTPSErrors: true });
  page = await context.newPage();
  // One of the panel's own pages, with the panel's own policy; only the script is the test's.
  await page.goto("/");
  await page.evaluate(script);
});

test.afterAll(async () => {
  await context?.close();
  await exchange?.stop();
});

/** Runs something of web-phone.js in the page. */
function phone(what: string, ...given: (string | number)[]): Promise<unknown> {
  const run = ([name, values]: [string, (string | number)[]]): unknown =>
    (window as unknown as { test: Record<string, (...v: unknown[]) => unknown> }).test[name]!(...values);
  return page.evaluate(run, [what, given] as [string, (string | number)[]]);
}

/** A figure of the box. */
async function figure(name: string): Promise<number> {
  const text = await (await context.request.get("/metrics")).text();
  return Number(new RegExp(`^centralka_${name} (\\d+)$`, "m").exec(text)?.[1]);
}

test("a page of the box is a secure context", async () => {
  expect(await page.evaluate(() => isSecureContext)).toBe(true);
});

test("a browser registers, and a wrong password does not", async () => {
  await expect(phone("sign_in", "guest", "2005", "guessed")).rejects.toThrow(/Authentication Error|Rejected|Unauthorized/);
  await phone("sign_in", "jan", "2005", "s3cret-2005");
  await expect.poll(() => figure("panel_registrations")).toBe(1);
  expect(await figure("panel_web_phones")).toBeGreaterThan(0);
  await phone("sign_out", "jan");
  await expect.poll(() => figure("panel_registrations")).toBe(0);
});

test("a browser whose connection is lost is registered no longer", async () => {
  await phone("sign_in", "jan", "2005", "s3cret-2005");
  await expect.poll(() => figure("panel_registrations")).toBe(1);
  await phone("lose", "jan");
  await expect.poll(() => figure("panel_registrations")).toBe(0);
});

test("a page of another site is refused", async () => {
  const other = await context.newPage();
  await other.route("http://elsewhere.test/", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
  await other.goto("http://elsewhere.test/");
  const address = exchange.url.replace("http", "ws") + "/sip";
  const opened = await other.evaluate(
    (address) =>
      new Promise((resolve) => {
        const socket = new WebSocket(address, "sip");
        socket.onopen = () => resolve(true);
        socket.onerror = () => resolve(false);
      }),
    address,
  );
  expect(opened).toBe(false);
  await other.close();
});

// What the office hears and says: the echo test, and another page.
const tone = (name: string, hertz: number): Promise<void> =>
  expect
    .poll(async () => {
      const ear = (await phone("heard", name)) as { hertz: number; above: number };
      return Math.abs(ear.hertz - hertz) < 12 && ear.above > 20;
    }, { timeout: 20_000 })
    .toBe(true);

test("the echo test: what is said comes back, encrypted on its way", async () => {
  await phone("sign_in", "jan", "2005", "s3cret-2005");
  await phone("call", "jan", "*43", 700);
  await tone("jan", 700);
  const way = (await phone("travel", "jan")) as { dtls: string; cipher: string; sent: number; received: number };
  expect(way.dtls).toBe("connected");
  expect(way.cipher).toMatch(/AES|AEAD/);
  expect(way.sent).toBeGreaterThan(0);
  expect(way.received).toBeGreaterThan(0);
  await phone("hang_up", "jan");
});

test("two browsers talk, and each hears the other and not itself", async () => {
  await phone("sign_in", "zofia", "2006", "s3cret-2006");
  await phone("answer_next", "zofia", 1000);
  await phone("call", "jan", "2006", 440);
  await tone("jan", 1000);
  await tone("zofia", 440);
  await phone("hang_up", "jan");
});
