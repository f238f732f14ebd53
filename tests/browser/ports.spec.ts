// Analog ports in a browser: what sets and lines do and measure, while they do it; what is wrong with them;
// how they were, as plots and as tables, by keys; in every language, on a desk and on a phone.
import AxeBuilder from "@axe-core/playwright";
import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { type Exchange, start } from "./exchange";

const PASSWORD = "correct horse battery";
const MORE = `
[[line]]
id = "city"
name = "City line"
port = "fxo1"
answer = "reception"
`;
const MINUTE = 60_000;

let exchange: Exchange;
let context: BrowserContext;
let page: Page;

test.describe.configure({ mode: "serial" });

test.beforeAll(async ({ browser }) => {
  exchange = await start(MORE);
  const viewport = { width: 1280, height: 860 };
  context = await browser.newContext({ baseURL: exchange.url, viewport, reducedMotion: "reduce" });
  page = await context.newPage();
  await page.goto("/");
  await page.getByLabel("Claim code").fill(exchange.code);
  await page.getByLabel("Your name").fill("Ewa Wiśniewska");
  await page.getByLabel("Login").fill("ewa");
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Take over the exchange" }).click();
  await expect(page.getByRole("region", { name: "Calls in progress" })).toBeVisible();
});

test.afterAll(async () => {
  await context?.close();
  await exchange?.stop();
});

/** The person at a simulated set acts. */
async function set(port: string, act: Record<string, string>): Promise<void> {
  const answer = await context.request.post(`/api/v1/board/${port}`, { data: act });
  expect(answer.status(), JSON.stringify(act)).toBe(204);
}

async function noObstacles(): Promise<void> {
  // What the sticky head covers in the middle of a page is no obstacle: it scrolls.
  await page.evaluate(() => scrollTo(0, 0));
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(", ")}`)).toEqual([]);
}

const card = (name: string | RegExp) => page.getByRole("listitem").filter({ has: page.getByRole("heading", { name, level: 3 }) });

test("a key leads to the ports, which say what sets and lines do and measure", async () => {
  await page.keyboard.press("p");
  await expect(page).toHaveURL(/\/ports$/);
  await expect(page.getByText("The simulated board stands in")).toBeVisible();
  const line = card(/City line/);
  await expect(line.getByText("on hook", { exact: true })).toBeVisible();
  await expect(line.getByText(/^-?\d+ V$/)).toBeVisible();
  await expect(line.getByText("none since the start")).toBeVisible();
  await expect(card(/fxs1/).getByText("on hook", { exact: true })).toBeVisible();
  const voice = page.getByRole("region", { name: "Threads that carry the voice" });
  await expect(voice.getByText("media-0", { exact: true })).toBeVisible();
  await expect(voice.getByText("Load of its core")).toBeVisible();
  await noObstacles();
});

test("what a set does is followed", async () => {
  await set("fxs1", { act: "lift" });
  await expect(card(/fxs1/).getByText("lifted, dial tone or dialling")).toBeVisible();
  await set("fxs1", { act: "dial", digits: "302" });
  await expect(card(/fxs1/).getByText("it rings at the other end")).toBeVisible();
  await expect(card(/fxs2/).getByText("ringing", { exact: true })).toBeVisible();
  await expect(page.getByText("1 ringing now; at most")).toBeVisible();
  await set("fxs2", { act: "lift" });
  await expect(card(/fxs1/).getByText("talking", { exact: true })).toBeVisible();
  await expect(card(/fxs2/).getByText("talking", { exact: true })).toBeVisible();
  await set("fxs2", { act: "hang_up" });
  await expect(card(/fxs1/).getByText("the call is over, not hung up yet")).toBeVisible();
  await set("fxs1", { act: "hang_up" });
  await expect(card(/fxs1/).getByText("on hook", { exact: true })).toBeVisible();
});

test("a call on a line is followed to the sign by which it ended", async () => {
  const line = card(/City line/);
  exchange.command("sim", "fxo1", "call", "+48601234567");
  await expect(line.getByText("ringing", { exact: true })).toBeVisible();
  await set("fxs1", { act: "lift" });
  await expect(line.getByText("talking", { exact: true })).toBeVisible();
  await expect(line.getByText(/^[1-9]\d*\.\d mA$/)).toBeVisible();
  await expect(line.getByText("+48601234567")).toBeVisible();
  exchange.command("sim", "fxo1", "line", "--disconnect", "loop_break");
  exchange.command("sim", "fxo1", "hangup");
  await expect(line.getByText("Loop break 1")).toBeVisible();
  await set("fxs1", { act: "hang_up" });
  await expect(line.getByText("on hook", { exact: true })).toBeVisible();
});

test("a line without battery says so, and when it is back", async () => {
  const line = card(/City line/);
  exchange.command("sim", "fxo1", "line", "--faults", '{"dead":true}');
  await expect(line.getByText("No battery: the line is unplugged or the wire is cut.")).toBeVisible();
  await page.screenshot({ path: "results/ports-dead.png", fullPage: true });
  exchange.command("sim", "fxo1", "line", "--faults", "{}");
  await expect(line.getByText("No battery")).toHaveCount(0);
});

test("a port has a page with what the exchange kept of it", async () => {
  await page.getByRole("link", { name: "History of City line" }).click();
  await expect(page).toHaveURL(/\/ports\/fxo1$/);
  await expect(page.getByRole("heading", { level: 1, name: /City line/ })).toBeVisible();
  await expect(page.getByRole("slider", { name: "Line voltage, by time" })).toHaveAttribute("aria-valuetext", /: -?\d+ V/);
  await page.goto("/ports/fxo9");
  await expect(page.getByRole("heading", { name: "There is no port fxo9" })).toBeVisible();
});

/** A day with a dead hour in the middle and two hang-ups an hour ago, newest first. */
function day(now: number): unknown {
  const none = { loop_break: 0, reversal: 0, tone: 0, dial_tone: 0, silence: 0, false_ones: 0 };
  const samples = Array.from({ length: 1440 }, (_, minutes) => ({
    at_ms: now - minutes * MINUTE,
    volts: minutes >= 600 && minutes < 660 ? 0 : -48,
    loop_tenth_ma: minutes % 40 < 10 ? 236 : 0,
    noise_dbm0: -66 + (minutes % 5),
    erl_db10: 120,
    dead: minutes >= 600 && minutes < 660,
    in_use: false,
    out_of_service: false,
    left_off_hook: false,
    hang_ups: minutes === 61 ? { ...none, tone: 2 } : none,
  }));
  return { samples, next_ms: null };
}

test("the past of a line is read from plots by keys, and from tables", async () => {
  await page.route("**/api/v1/ports/fxo1/history**", (route) => route.fulfill({ json: day(Date.now()) }));
  await page.goto("/ports/fxo1");
  const volts = page.getByRole("slider", { name: "Line voltage, by time" });
  await volts.focus();
  await expect(volts).toHaveAttribute("aria-valuetext", /: -48 V$/);
  await page.keyboard.press("Home");
  await expect(volts).toHaveAttribute("aria-valuenow", "0");
  // Ten hours ago, in steps of a quarter of an hour.
  await page.keyboard.press("End");
  for (let tens = 0; tens < 4; tens += 1) await page.keyboard.press("PageUp");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await expect(volts).toHaveAttribute("aria-valuetext", /: 0 V$/);
  const history = page.getByRole("region", { name: "History", exact: true });
  const ends = history.getByRole("figure", { name: "Hang-ups by method" });
  await ends.getByText("As a table").focus();
  await page.keyboard.press("Enter");
  const rows = ends.getByRole("row");
  await expect(rows).toHaveCount(2);
  await expect(ends.getByRole("cell").nth(2)).toHaveText("2");
  await noObstacles();
  await page.emulateMedia({ colorScheme: "dark" });
  await noObstacles();
  await history.getByRole("radio", { name: "Day" }).focus();
  await page.keyboard.press("ArrowLeft");
  await expect(history.getByRole("radio", { name: "Hour" })).toBeChecked();
  await expect(volts).toHaveAttribute("aria-valuemax", "59");
  await expect(ends.getByText("None in this time.")).toBeVisible();
  await history.getByText("Week", { exact: true }).click();
  await expect(volts).toHaveAttribute("aria-valuemax", "83");
});

test("both pages in every language, on a desk and on a phone, in light and in dark", async () => {
  const words = { pl: "Porty analogowe", cs: "Analogové porty", ru: "Аналоговые порты", en: "Analog ports" };
  for (const path of ["/ports", "/ports/fxo1"]) {
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.goto(path);
    for (const [code, title] of Object.entries(words)) {
      await page.locator("header [aria-expanded]").click();
      await page.locator("header select").selectOption(code);
      await page.keyboard.press("Escape");
      await expect(page.getByRole("link", { name: title, exact: true })).toBeVisible();
      for (const [width, scheme] of [[1280, "dark"], [375, "light"], [375, "dark"], [1280, "light"]] as const) {
        await page.setViewportSize({ width, height: 860 });
        await page.emulateMedia({ colorScheme: scheme });
        await expect(page.locator("html")).toHaveAttribute("data-theme", scheme);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
        // What is drawn is as wide as its card, also after the screen became narrower.
        const right = await page.locator("figure svg").evaluateAll((all) => Math.max(0, ...all.map((svg) => svg.getBoundingClientRect().right)));
        expect(right).toBeLessThan(width);
        const name = path === "/ports" ? "ports" : "port";
        await page.screenshot({ path: `results/${name}-${code}-${width}-${scheme}.png`, fullPage: true });
      }
    }
  }
});

test("nobody but administrators sees any of it", async ({ browser }) => {
  const people = (await (await context.request.get("/api/v1/people")).json()) as { id: string; name: string }[];
  const id = people.find((person) => person.name === "Jan Kowalski")?.id;
  await context.request.put(`/api/v1/people/${id}/web-access`, { data: { login: "jan", password: PASSWORD } });
  const other = await browser.newContext({ baseURL: exchange.url });
  expect((await other.request.get("/api/v1/ports")).status()).toBe(401);
  const theirs = await other.newPage();
  await theirs.goto("/ports");
  await theirs.getByLabel("Login").fill("jan");
  await theirs.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await theirs.keyboard.press("Enter");
  await expect(theirs.getByText("Only an administrator may do this.")).toBeVisible();
  await expect(theirs.getByRole("link", { name: "Analog ports" })).toHaveCount(0);
  for (const path of ["/api/v1/ports", "/api/v1/ports/fxo1/history"]) {
    expect((await other.request.get(path)).status(), path).toBe(403);
  }
  await other.close();
});
