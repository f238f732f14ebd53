// Pictures of every page in every language, width and theme, from a mock build:
//   npm --prefix web-ui run build:mock && npm --prefix tests/browser run shots -- web-ui/dist-mock OUT
// They are for looking at; nothing is compared.
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "@playwright/test";

const [root = "web-ui/dist-mock", out = "shots", only = ""] = process.argv.slice(2);
const KINDS = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };
const server = createServer((request, response) => {
  const path = new URL(request.url ?? "/", "http://x").pathname;
  const file = extname(path) ? path : "/index.html";
  try {
    const body = readFileSync(join(root, file));
    response.writeHead(200, { "content-type": KINDS[extname(file)] ?? "application/octet-stream" }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const base = `http://127.0.0.1:${server.address().port}`;
mkdirSync(out, { recursive: true });

const CALL = (200).toString(16).padStart(32, "0");
const PAGES = [
  { name: "claim", path: "/" },
  { name: "login", path: "/?claimed" },
  { name: "live", path: "/?signed_in" },
  { name: "sound", path: "/?signed_in", act: async (page) => page.click("#calls [aria-controls^=quality]") },
  { name: "empty", path: "/?signed_in&empty&failing" },
  { name: "call", path: `/calls/${CALL}?signed_in` },
  { name: "ports", path: "/ports?signed_in" },
  {
    name: "port",
    path: "/ports/fxo1?signed_in",
    act: async (page) => {
      await page.getByRole("slider").first().focus();
      await page.keyboard.press("PageUp");
      await page.evaluate(() => scrollTo(0, 0));
    },
  },
  {
    name: "set",
    path: "/ports/fxs1?signed_in",
    act: async (page) => {
      await page.click("#test button");
      await page.waitForSelector("#test ol");
      await page.evaluate(() => scrollTo(0, 0));
    },
  },
  { name: "add", path: "/?signed_in", act: async (page) => page.click("#add-person") },
  {
    name: "card",
    path: "/?signed_in",
    act: async (page) => {
      await page.click("#add-person");
      await page.fill("#person-name", "Łucja Żółkiewska");
      await page.click("dialog [type=submit]");
      await page.waitForSelector("dialog img");
    },
  },
  { name: "menu", path: "/?signed_in", act: async (page) => page.click("header [aria-expanded]") },
];
const WIDTHS = { desktop: { width: 1280, height: 860 }, phone: { width: 375, height: 760 } };

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
for (const language of ["en", "pl", "cs", "ru"]) {
  for (const [width, viewport] of Object.entries(WIDTHS)) {
    for (const theme of ["light", "dark"]) {
      for (const { name, path, act } of PAGES) {
        const file = `${name}-${language}-${width}-${theme}`;
        if (only && !new RegExp(only).test(file)) continue;
        const context = await browser.newContext({ viewport, reducedMotion: "reduce", colorScheme: theme });
        const page = await context.newPage();
        page.on("pageerror", (error) => console.log(file, "error:", error.message));
        page.on("console", (message) => message.type() === "error" && console.log(file, "console:", message.text()));
        await page.addInitScript((code) => localStorage.setItem("language", code), language);
        await page.goto(base + path);
        await page.waitForSelector("h1");
        await page.waitForTimeout(350);
        if (act) await act(page);
        await page.waitForTimeout(150);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) console.log(file, "is wider than the screen by", wide);
        await page.screenshot({ path: join(out, `${file}.png`), fullPage: !["add", "card", "menu"].includes(name) });
        await context.close();
      }
    }
  }
}
await browser.close();
server.close();
