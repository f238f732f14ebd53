// Analog ports in a browser: what sets and lines do and measure, while they do it; what is wrong with them;
// how they were, as plots and as tables, by keys; in every language, on a desk and on a phone.
import { type BrowserContext, expect, type Page, type Route, test } from "@playwright/test";
import { type Exchange, start } from "./exchange";
import { everyLook, noObstacles, signIn, takeOver } from "./panel";

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
  page = await takeOver(browser, exchange);
  context = page.context();
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

/** Waits for the page to ask there once more and holds that answer back; what it returns lets it go and waits until it
 * is there. */
async function held(url: string): Promise<() => Promise<void>> {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const asked = page.waitForRequest(url);
  const hold = async (route: Route): Promise<void> => {
    const response = await route.fetch();
    await released;
    await route.fulfill({ response });
  };
  await page.route(url, hold, { times: 1 });
  const request = await asked;
  return async () => {
    release();
    await (await request.response())?.finished();
  };
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
  await noObstacles(page);
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

test("the sound before a hang-up is heard, and called false", async () => {
  await page.getByRole("link", { name: "History of City line" }).click();
  const evidence = page.getByRole("region", { name: "Hang-ups to listen to" });
  await expect(evidence.getByText(/^Loop break/)).toBeVisible();
  await expect(evidence.getByRole("img", { name: "How loud it was in the last 3 seconds" })).toBeVisible();
  const play = evidence.getByRole("button", { name: /^Play what was heard before: Loop break/ });
  await play.focus();
  await page.keyboard.press("Enter");
  const sound = page.locator("audio");
  await expect.poll(() => sound.evaluate((audio: HTMLAudioElement) => audio.duration)).toBeGreaterThan(0.5);
  await noObstacles(page);
  await page.keyboard.press("Enter");
  await expect(sound).toHaveCount(0);
  await evidence.getByRole("button", { name: /^It was false: Loop break/ }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("Counted as false.")).toBeVisible();
  await expect(evidence.getByText("false", { exact: true })).toBeVisible();
  await expect(evidence.getByRole("button", { name: /^It was false/ })).toHaveCount(0);
  await expect(page.getByText("1 of them was false: somebody still spoke.")).toBeVisible();
  await evidence.getByRole("link", { name: "The call" }).click();
  await expect(page).toHaveURL(/\/calls\/[0-9a-f]{32}$/);
  await page.goto("/ports");
});

test("a set is rung with every caller ID, and says which it is at", async () => {
  await page.goto("/ports/fxs1");
  const tested = page.getByRole("region", { name: "Which caller ID does this set read?" });
  await tested.getByRole("button", { name: "Ring the set now" }).focus();
  await page.keyboard.press("Enter");
  const steps = tested.getByRole("listitem");
  await expect(steps.filter({ hasText: "901" })).toContainText("bellcore");
  await expect(steps.filter({ hasText: "902" })).toContainText("yet to come");
  await expect(tested.getByRole("button", { name: "The set is being rung…" })).toBeDisabled();
  await expect(steps.filter({ hasText: "901" })).toContainText("sent");
  await page.screenshot({ path: "results/set-test.png", fullPage: true });
  await noObstacles(page);
  // One look at the test is answered as of now, and arrives when all is over.
  const arrives = await held("**/api/v1/ports/fxs1/test");
  // Whoever lifts the handset ends the test.
  await set("fxs1", { act: "lift" });
  await expect(steps.filter({ hasText: "911" })).toContainText("not sent: the set was used");
  const refused = page.waitForResponse((answer) => answer.request().method() === "POST");
  await tested.getByRole("button", { name: "Ring the set now" }).click();
  expect((await refused).status()).toBe(409);
  const problem = tested.getByText("The set is in use or out of service.");
  await expect(problem).toBeVisible();
  await arrives();
  await expect(problem, "an older answer takes nothing away").toBeVisible();
  await expect(steps.filter({ hasText: "911" })).toContainText("not sent: the set was used");
  await set("fxs1", { act: "hang_up" });
  // What its display showed goes into the configuration.
  await tested.getByRole("button", { name: "Use bellcore for this set" }).focus();
  await page.keyboard.press("Enter");
  await expect(steps.filter({ hasText: "901" })).toContainText("in use");
  expect(exchange.command("config", "show")).toContain('caller_id = "bellcore"');
  await page.reload();
  await expect(steps.filter({ hasText: "901" })).toContainText("in use");
  await noObstacles(page);
});

test("a lifeline is tested, and one that does not switch is told", async () => {
  await page.goto("/ports/fxo1");
  const tests = page.getByRole("region", { name: "Tests of the line" });
  await tests.getByRole("button", { name: "Test the lifeline" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText(/^works, tested /)).toBeVisible();
  exchange.command("sim", "fxs1", "line", "--faults", '{"relay":"drawn"}');
  await tests.getByRole("button", { name: "Test the lifeline" }).click();
  const dead = page.getByText("The lifeline does not switch: without power fxs1 would be dead.");
  await expect(dead.first()).toBeVisible();
  await noObstacles(page);
  exchange.command("sim", "fxs1", "line", "--faults", "{}");
  await tests.getByRole("button", { name: "Test the lifeline" }).click();
  await expect(dead).toHaveCount(0);
  await page.goto("/ports/fxs1");
});

test("the echo of a line is measured with each impedance", async () => {
  // It takes the line for half a minute.
  test.setTimeout(180_000);
  await page.goto("/ports/fxo1");
  const tests = page.getByRole("region", { name: "Tests of the line" });
  const begin = tests.getByRole("button", { name: "Measure echo by impedance" });
  await expect(page.getByText(/^Echo by impedance/)).toHaveCount(0);
  await begin.focus();
  await page.keyboard.press("Enter");
  await expect(tests.getByRole("status")).toContainText("it takes half a minute");
  await expect(begin, "it goes on").toBeDisabled();
  await noObstacles(page);
  await expect(page.getByText(/^Echo by impedance, measured/)).toBeVisible({ timeout: 120_000 });
  await expect(page.getByText(/weaker · in use$/)).toHaveCount(1);
  await expect(begin).toBeEnabled();
  await expect(tests.getByRole("status")).toHaveCount(0);
  await page.goto("/ports/fxs1");
});

test("messages light a lamp at the set, and the page says how many wait", async () => {
  const waiting = page.getByRole("group", { name: "Messages that wait" });
  const lamp = async (): Promise<boolean | undefined> => {
    const board = (await (await context.request.get("/api/v1/board")).json()) as { sets: { port: string; lamp: boolean }[] };
    return board.sets.find((set) => set.port === "fxs1")?.lamp;
  };
  await waiting.getByRole("button", { name: "One more" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await expect(waiting.getByLabel("2 messages wait")).toHaveText("2");
  await expect(page.getByRole("paragraph").filter({ hasText: "2 messages wait" })).toBeVisible();
  await expect.poll(lamp).toBe(true);
  await noObstacles(page);
  await waiting.getByRole("button", { name: "None any more" }).click();
  await expect(page.getByText("2 messages wait")).toHaveCount(0);
  await expect.poll(lamp).toBe(false);
  await page.goto("/ports");
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

/** A day with a dead hour in the middle and two hang-ups an hour ago, and an hour of three weeks ago with a spike,
 * newest first. */
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
  const calm = samples[0];
  const old = { ...calm, at_ms: now - 21 * 1440 * MINUTE, volts: -48, hang_ups: none, spread: { volts: [-49, 120] } };
  return { samples: [...samples, old], next_ms: null };
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
  await noObstacles(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await noObstacles(page);
  await history.getByRole("radio", { name: "Day" }).focus();
  await page.keyboard.press("ArrowLeft");
  await expect(history.getByRole("radio", { name: "Hour" })).toBeChecked();
  await expect(volts).toHaveAttribute("aria-valuemax", "59");
  await expect(ends.getByText("None in this time.")).toBeVisible();
  await history.getByText("Week", { exact: true }).click();
  await expect(volts).toHaveAttribute("aria-valuemax", "83");
  // An hour of three weeks ago is one sample: its spike is not averaged away.
  await history.getByRole("radio", { name: "Week" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(history.getByRole("radio", { name: "Month" })).toBeChecked();
  await expect(volts).toHaveAttribute("aria-valuemax", "92");
  const voltage = history.getByRole("figure", { name: "Line voltage" });
  await voltage.getByText("As a table").click();
  await expect(voltage.getByRole("cell", { name: "-49 V … 120 V" })).toHaveCount(1);
  const flaws = history.getByRole("figure", { name: "No battery" });
  await flaws.getByText("As a table").click();
  await expect(flaws.getByRole("cell").first()).toHaveText("1");
  await page.screenshot({ path: "results/month.png", fullPage: true });
});

test("all pages in every language, on a desk and on a phone, in light and in dark", async () => {
  const words = { pl: "Porty analogowe", cs: "Analogové porty", ru: "Аналоговые порты", en: "Analog ports" };
  const seen = (title: string): Promise<void> => expect(page.getByRole("link", { name: title, exact: true })).toBeVisible();
  for (const [name, path] of [["ports", "/ports"], ["port", "/ports/fxo1"], ["set", "/ports/fxs1"]] as const) {
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.goto(path);
    await everyLook(page, name, words, seen);
  }
});

test("nobody but administrators sees any of it", async ({ browser }) => {
  const theirs = await signIn(browser, exchange, page, "Jan Kowalski", "jan");
  await theirs.goto("/ports");
  await expect(theirs.getByText("Only an administrator may do this.")).toBeVisible();
  await expect(theirs.getByRole("link", { name: "Analog ports" })).toHaveCount(0);
  for (const path of ["/api/v1/ports", "/api/v1/ports/fxo1/history", "/api/v1/ports/fxo1/evidence", "/api/v1/ports/fxs1/test"]) {
    expect((await theirs.request.get(path)).status(), path).toBe(403);
  }
  const lamp = await theirs.request.put("/api/v1/sets/301/messages", { data: { messages: 1 } });
  expect(lamp.status()).toBe(403);
  await theirs.context().close();
});
