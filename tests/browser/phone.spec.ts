// A browser is a phone: JsSIP over secure WebSocket, with the box's own certificate.
import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { build } from "esbuild";
import { type Exchange, start } from "./exchange";
import { type Ear, PlainPhone } from "./plain-phone";

/** Three people beside those of every office: two speak Opus, one has a plain telephone. */
const MORE = `
[media]
codecs = ["opus", "g722", "pcma", "pcmu"]

[[person]]
name = "Zofia Dąbrowska"
extension = "2006"
role = "user"
sip_password = "s3cret-2006"

[[person]]
name = "Piotr Wiśniewski"
extension = "2007"
role = "user"
sip_password = "s3cret-2007"
codecs = ["pcma"]
`;

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
  exchange = await start(MORE);
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

type Given = string | number | boolean;

/** Runs something of web-phone.js in the page. */
function phone(what: string, ...given: Given[]): Promise<unknown> {
  const run = ([name, values]: [string, Given[]]): unknown =>
    (window as unknown as { test: Record<string, (...v: unknown[]) => unknown> }).test[name]!(...values);
  return page.evaluate(run, [what, given] as [string, Given[]]);
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

// From here on people talk. An ear that has one tone stand out of everything else by so much hears
// nothing else, and its own voice neither.
const CLEAR_DB = 20;
/** How far a tone may seem off: two bins of a browser's ear. */
const NEAR_HZ = 12;

const ear = async (who: string | PlainPhone): Promise<Ear> =>
  typeof who === "string" ? ((await phone("heard", who)) as Ear) : who.heard();

/** Waits until this tone, and it alone, is heard. */
const tone = (who: string | PlainPhone, hertz: number): Promise<void> =>
  expect
    .poll(async () => {
      const heard = await ear(who);
      const right = heard.above > CLEAR_DB && Math.abs(heard.hertz - hertz) < NEAR_HZ;
      return right ? "clear" : `${heard.hertz} Hz, ${heard.above} dB above the rest`;
    })
    .toBe("clear");

interface Travel {
  dtls: string;
  cipher: string;
  codec: string;
  sent: number;
  received: number;
}

/** The voice of a browser went both ways in this codec, with keys from DTLS. */
async function protectedAs(name: string, codec: RegExp): Promise<void> {
  const way = (await phone("travel", name)) as Travel;
  expect(way).toMatchObject({ dtls: "connected", codec: expect.stringMatching(codec) });
  expect(way.cipher).toMatch(/^SRTP_(AES128_CM_HMAC_SHA1_80|AEAD_AES_(128|256)_GCM)$/);
  expect(way.sent).toBeGreaterThan(0);
  expect(way.received).toBeGreaterThan(0);
}

/** Nothing is left of any call, and no packet went unprotected that should have been. */
async function cleanedUp(): Promise<void> {
  for (const name of ["calls", "sip_legs", "media_legs", "bridges"]) await expect.poll(() => figure(name), name).toBe(0);
  for (const name of ["media_unprotected_total", "media_legs_unprotected_total"]) expect(await figure(name), name).toBe(0);
}

test("the echo test: a browser hears itself, encrypted on its way", async () => {
  await phone("sign_in", "jan", "2005", "s3cret-2005");
  await phone("call", "jan", "*43", 700);
  await tone("jan", 700);
  await protectedAs("jan", /^audio\/opus$/);
  await phone("hang_up", "jan");
  await cleanedUp();
});

test("two browsers talk, and each hears the other and not itself", async () => {
  await phone("sign_in", "zofia", "2006", "s3cret-2006");
  await phone("answer_calls", "zofia", 1000);
  await phone("call", "jan", "2006", 440);
  await tone("jan", 1000);
  await tone("zofia", 440);
  for (const name of ["jan", "zofia"]) await protectedAs(name, /^audio\/opus$/);
});

test("a browser holds the call and takes it back", async () => {
  await phone("hold", "jan", true);
  // Nothing comes to the one who holds.
  await expect.poll(async () => ((await phone("travel", "jan")) as Travel).received).toBe(0);
  await phone("hold", "jan", false);
  // Other tones than before, so that nothing heard is a memory.
  await phone("say", "jan", 523);
  await phone("say", "zofia", 1175);
  await tone("zofia", 523);
  await tone("jan", 1175);
  for (const name of ["jan", "zofia"]) await protectedAs(name, /^audio\/opus$/);
});

test("whoever hangs up, the call is over for both", async () => {
  await phone("hang_up", "jan");
  await expect.poll(() => phone("end", "zofia")).toMatch(/^remote/);
  await cleanedUp();
  await phone("call", "jan", "2006", 600);
  await tone("zofia", 600);
  await tone("jan", 1175);
  await phone("hang_up", "zofia");
  await expect.poll(() => phone("end", "jan")).toMatch(/^remote/);
  await cleanedUp();
});

test("a browser and a plain telephone talk", async () => {
  const plain = await PlainPhone.register(exchange.sipUdp, "2007", "s3cret-2007", 1300);
  try {
    for (const end of ["browser", "telephone"]) {
      await phone("call", "jan", "2007", 500);
      await tone("jan", 1300);
      await tone(plain, 500);
      expect(plain.offer()).not.toMatch(/fingerprint|ice-ufrag|crypto|opus/);
      expect(plain.heardTypes()).toEqual([8]);
      await protectedAs("jan", /^audio\/(PCMA|opus)$/);
      if (end === "browser") {
        await phone("hang_up", "jan");
        await expect.poll(() => plain.isTalking()).toBe(false);
      } else {
        await plain.hangUp();
        await expect.poll(() => phone("end", "jan")).toMatch(/^remote/);
      }
      await cleanedUp();
    }
  } finally {
    plain.close();
  }
});
