// The first day of an office, in a browser: claim, live page, a person, the simulated set, an
// explained call, languages, a phone's width, and no obstacle that axe can see.
import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { type Exchange, start } from "./exchange";
import { noObstacles } from "./panel";

const PASSWORD = "correct horse battery";
let exchange: Exchange;
let context: BrowserContext;
let page: Page;
const foreign: string[] = [];
const errors: string[] = [];

test.describe.configure({ mode: "serial" });

test.beforeAll(async ({ browser }) => {
  exchange = await start();
  const viewport = { width: 1280, height: 860 };
  context = await browser.newContext({ baseURL: exchange.url, viewport, reducedMotion: "reduce" });
  page = await context.newPage();
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== exchange.url) foreign.push(request.url());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    // The browser itself reports every 4xx; those are tested for what the page says about them.
    if (message.type() === "error" && !message.text().includes("Failed to load resource")) errors.push(message.text());
  });
});

test.afterAll(async () => {
  await context?.close();
  await exchange?.stop();
});

async function noSidewaysScroll(): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
}

const section = (name: string) => page.getByRole("region", { name, exact: true });

/** The person at a simulated set acts. */
async function set(port: string, act: Record<string, string>): Promise<void> {
  const answer = await context.request.post(`/api/v1/board/${port}`, { data: act });
  expect(answer.status(), JSON.stringify(act)).toBe(204);
}

const quiet = () => expect(section("Calls in progress").getByText("Nobody is on the phone.")).toBeVisible();

test("a wrong claim code is refused with what to do next", async () => {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Welcome" })).toBeVisible();
  await page.getByLabel("Claim code").fill("WRONG-CODE");
  await page.getByLabel("Your name").fill("Ewa Wiśniewska");
  await page.getByLabel("Login").fill("ewa");
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Take over the exchange" }).click();
  await expect(page.getByText("This is not the claim code.")).toBeVisible();
  await expect(page.getByLabel("Claim code")).toBeFocused();
  await noObstacles(page);
});

test("the claim code makes the first administrator", async () => {
  await page.getByLabel("Claim code").fill("");
  await page.getByLabel("Claim code").pressSequentially(exchange.code.replace("-", "").toLowerCase());
  await page.getByRole("button", { name: "Take over the exchange" }).click();
  await expect(page.getByRole("link", { name: /Kowalski Dental/ })).toBeVisible();
  await expect(section("People and phones").getByText("Jan Kowalski")).toBeVisible();
});

test("signing out and in again", async () => {
  await page.getByRole("button", { name: /Account and settings/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Login").fill("ewa");
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("Login or password is wrong.")).toBeVisible();
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(section("Calls in progress")).toBeVisible();
  await page.reload();
  await expect(section("Calls in progress"), "the session outlives a reload").toBeVisible();
  await noObstacles(page);
});

test("the password is changed", async () => {
  await page.getByRole("button", { name: /Account and settings/ }).click();
  await page.getByRole("button", { name: "Change the password" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Current password").fill("wrong");
  await dialog.getByLabel("New password").fill(`${PASSWORD} 2`);
  await dialog.getByRole("button", { name: "Change" }).click();
  await expect(dialog.getByText("This is not your current password.")).toBeVisible();
  await noObstacles(page);
  await dialog.getByLabel("Current password").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Change" }).click();
  await expect(page.getByText("The password is changed.")).toBeVisible();
  await expect(dialog).toBeHidden();
});

test("somebody else gets a login and a password", async () => {
  await section("People and phones").getByRole("button", { name: "Web access of Jan Kowalski" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Login").fill("ewa");
  await dialog.getByLabel("New password").fill("some words in a row");
  await dialog.getByRole("button", { name: "Let in" }).click();
  await expect(dialog.getByText("This login is taken.")).toBeVisible();
  await expect(dialog.getByLabel("Login")).toBeFocused();
  await noObstacles(page);
  await dialog.getByLabel("Login").fill("jan");
  await dialog.getByRole("button", { name: "Let in" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText("Jan Kowalski can sign in now.")).toBeVisible();
  const other = await context.browser()!.newContext({ baseURL: exchange.url });
  const jan = await other.newPage();
  await jan.goto("/");
  await jan.getByText("Trust this box").click();
  await expect(jan.getByRole("link", { name: "Load the certificate" })).toHaveAttribute("href", "/ca.crt");
  await expect(jan.getByText(/^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/)).toBeVisible();
  await jan.getByLabel("Login").fill("jan");
  await jan.getByLabel("Password", { exact: true }).fill("some words in a row");
  await jan.keyboard.press("Enter");
  await expect(jan.getByRole("region", { name: "Calls in progress", exact: true })).toBeVisible();
  await expect(jan.getByRole("button", { name: /^Web access of/ })).toHaveCount(0);
  await other.close();
});

test("a person is added, gets a card, and can be taken back", async () => {
  await page.keyboard.press("n");
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByLabel("Name")).toBeFocused();
  await dialog.getByLabel("Name").fill("Łucja Żółkiewska");
  await dialog.getByLabel("Extension").fill("2005");
  await dialog.getByRole("button", { name: "Add" }).click();
  await expect(dialog.getByText("This extension is taken.")).toBeVisible();
  await expect(dialog.getByLabel("Extension")).toBeFocused();
  await dialog.getByLabel("Extension").fill("2077");
  await dialog.getByRole("button", { name: "Add" }).click();
  await expect(dialog.getByRole("img", { name: /QR code/ })).toBeVisible();
  await expect(dialog.getByText("2077", { exact: true })).toBeVisible();
  await noObstacles(page);
  await dialog.getByRole("button", { name: "Undo" }).click();
  await expect(dialog).toBeHidden();
  await expect(section("People and phones").getByText("Łucja Żółkiewska")).toBeHidden();

  await page.getByRole("button", { name: "Add a person" }).click();
  await dialog.getByLabel("Name").fill("Peter Novák");
  await dialog.getByLabel("Extension").fill("2078");
  await dialog.getByRole("button", { name: "Add" }).click();
  const row = dialog.locator("dt", { hasText: "Password" }).locator("~ dd");
  const password = (await row.textContent())?.trim();
  expect(password?.length).toBeGreaterThanOrEqual(8);
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Phone card of Peter Novák" }).click();
  await expect(dialog.getByText(password ?? "none", { exact: true }), "the card can be seen again").toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
});

test("a simulated set lifts, hears the dial tone, dials and hangs up", async () => {
  const set = section("Simulated sets").getByRole("listitem").first();
  await set.getByRole("button", { name: "Lift" }).click();
  await expect(set.getByText("Lifted.")).toBeVisible();
  await set.getByRole("button", { name: "Listen" }).click();
  await expect(set.getByText(/Dial tone · 4\d\d Hz/)).toBeVisible();
  await noObstacles(page);
  for (const key of ["3", "0"]) await set.getByRole("group", { name: "Keypad" }).getByRole("button", { name: key }).click();
  await set.getByRole("group", { name: "Keypad" }).getByRole("button", { name: "2" }).click();
  await expect(set.getByText("Lifted, dialled 302.")).toBeVisible();
});

test("the sets talk to each other, and each hears the other's signal", async () => {
  test.skip(process.env["CENTRALKA_MOCK"] === "1", "the mock connects no calls");
  const sets = section("Simulated sets").getByRole("listitem");
  const [first, second] = [sets.nth(0), sets.nth(1)];
  await second.getByRole("button", { name: "Answer" }).click();
  await expect(section("Calls in progress").getByText(/Talking/)).toBeVisible();
  await first.getByLabel("Signal").selectOption({ label: "Signal 3" });
  await first.getByRole("button", { name: "Talk" }).click();
  await expect(first.getByText("Speaks signal 3.")).toBeVisible();
  await second.getByRole("button", { name: "Listen" }).click();
  await expect(second.getByRole("status").filter({ hasText: "Signal 3" })).toBeVisible();
  await second.getByRole("button", { name: "Hang up" }).click();
  await expect(section("Recent calls").getByRole("link").first()).toContainText("Answered");
});

test("hanging up puts the set to rest", async () => {
  const set = section("Simulated sets").getByRole("listitem").first();
  await set.getByRole("button", { name: "Hang up" }).click();
  await expect(set.getByText("The handset is on the set.")).toBeVisible();
});

test("a call explains itself", async () => {
  const first = section("Recent calls").getByRole("link").first();
  await first.click();
  await expect(page).toHaveURL(/\/calls\/[0-9a-f]{32}$/);
  await expect(page.getByRole("heading", { level: 1 })).toContainText(/called/);
  await expect(page.getByRole("listitem").filter({ hasText: "began to call" })).toBeVisible();
  await noObstacles(page);
  await page.reload();
  await expect(page.getByRole("heading", { name: "What happened, and why" })).toBeVisible();
  await page.goBack();
  await expect(section("Recent calls")).toBeVisible();
});

test("a number is dialled from its field, and a signal stops", async () => {
  const sets = section("Simulated sets").getByRole("listitem");
  const [first, second] = [sets.nth(0), sets.nth(1)];
  await first.getByRole("button", { name: "Lift" }).click();
  await first.getByLabel("Number").fill("30-2");
  await first.getByRole("button", { name: "Dial", exact: true }).click();
  await expect(first.getByText("Lifted, dialled 302.")).toBeVisible();
  await expect(first.getByLabel("Number")).toHaveValue("");
  await second.getByRole("button", { name: "Answer" }).click();
  await first.getByLabel("Signal").selectOption({ label: "Signal 5" });
  await first.getByRole("button", { name: "Talk" }).click();
  await second.getByRole("button", { name: "Listen" }).click();
  const heard = second.getByRole("status");
  await expect(heard).toContainText("Signal 5");
  await first.getByRole("button", { name: "Stop signal 5" }).click();
  await expect(heard).toContainText("Silence");
  await expect(first.getByRole("button", { name: "Talk" })).toBeVisible();
});

test("an administrator ends a call of others, when asked twice", async () => {
  const calls = section("Calls in progress");
  const dialog = page.getByRole("dialog");
  const end = calls.getByRole("button", { name: /^End the call/ });
  await expect(calls.getByText(/Talking/)).toBeVisible();
  await end.click();
  await expect(dialog.getByText(/will be cut off at once/)).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await noObstacles(page);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await expect(calls.getByText(/Talking/)).toBeVisible();
  await end.click();
  await dialog.getByRole("button", { name: "End", exact: true }).click();
  await expect(page.getByText("The call is ended.")).toBeVisible();
  await expect(dialog).toBeHidden();
  await quiet();
  for (const port of ["fxs1", "fxs2"]) await set(port, { act: "hang_up" });
  await section("Recent calls").getByRole("link").first().click();
  await expect(page.getByText("ended by an administrator").first()).toBeVisible();
  await page.goBack();
});

test("older calls are shown when wished", async () => {
  const calls = section("Recent calls").getByRole("link");
  const known = async (): Promise<number> => {
    const answer = await context.request.get("/api/v1/calls?limit=100");
    return ((await answer.json()) as { calls: unknown[] }).calls.length;
  };
  while ((await known()) < 17) {
    // Both sets at once: half the time.
    for (const port of ["fxs1", "fxs2"]) await set(port, { act: "lift" });
    await expect(section("Calls in progress").getByRole("listitem")).toHaveCount(2);
    for (const port of ["fxs1", "fxs2"]) await set(port, { act: "hang_up" });
    await quiet();
  }
  const all = await known();
  await page.reload();
  await expect(calls).toHaveCount(15);
  const more = section("Recent calls").getByRole("button", { name: "Show older calls" });
  await more.click();
  await expect(calls).toHaveCount(all);
  await expect(more).toHaveCount(0);
});

test("people are searched for, and all are shown when wished", async () => {
  for (let n = 1; n <= 13; n += 1) {
    const answer = await context.request.post("/api/v1/people", { data: { name: `Colleague ${n}`, extension: `${2100 + n}`, role: "user" } });
    expect(answer.ok(), await answer.text()).toBe(true);
  }
  const people = section("People and phones");
  const rows = people.getByRole("listitem");
  await expect(people.getByRole("button", { name: "Show all 16" })).toBeVisible();
  await expect(rows).toHaveCount(12);
  await people.getByRole("button", { name: "Show all 16" }).click();
  await expect(rows).toHaveCount(16);
  await people.getByRole("button", { name: "Show fewer" }).click();
  await expect(rows).toHaveCount(12);
  const search = people.getByLabel("Search by name or extension");
  for (const [typed, name] of [["novak", "Peter Novák"], ["2113", "Colleague 13"]] as const) {
    await search.fill(typed);
    await expect(rows).toHaveCount(1);
    await expect(rows.getByText(name)).toBeVisible();
  }
  await search.fill("Nobody at all");
  await expect(people.getByText("Nobody matches “Nobody at all”.")).toBeVisible();
  await expect(rows).toHaveCount(0);
  await search.fill("");
  await expect(rows).toHaveCount(12);
});

test("a phone's card is copied and printed", async () => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Phone card of Jan Kowalski" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Copy: Password" }).click();
  await expect(dialog.getByRole("button", { name: "Copied" })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("s3cret-2005");
  await expect(dialog.getByRole("button", { name: "Copy: Password" }), "it can be copied again").toBeVisible();
  // The browser's own window for printing is no part of the page.
  await page.evaluate(() => {
    window.print = () => document.body.setAttribute("data-printed", "");
  });
  await dialog.getByRole("button", { name: "Print" }).click();
  await expect(page.locator("body")).toHaveAttribute("data-printed", "");
  await page.emulateMedia({ media: "print" });
  await expect(dialog.getByText("s3cret-2005")).toBeVisible();
  await expect(dialog.getByRole("img", { name: /QR code/ })).toBeVisible();
  await expect(page.getByText("Done", { exact: true }), "no button is printed").toBeHidden();
  await page.emulateMedia({ media: "screen" });
  await dialog.getByRole("button", { name: "Done" }).click();
  await expect(dialog).toBeHidden();
});

test("light and dark are chosen, and kept", async () => {
  const root = page.locator("html");
  const choose = async (name: string): Promise<void> => {
    await page.getByRole("button", { name: /Account and settings/ }).click();
    await page.getByTitle(name, { exact: true }).click();
    await expect(page.getByRole("radio", { name, exact: true })).toBeChecked();
    await page.keyboard.press("Escape");
  };
  await expect(root).toHaveAttribute("data-theme", "light");
  await choose("Dark");
  await expect(root).toHaveAttribute("data-theme", "dark");
  await noObstacles(page);
  await page.reload();
  await expect(root, "the choice outlives a reload").toHaveAttribute("data-theme", "dark");
  await page.emulateMedia({ colorScheme: "dark" });
  await choose("Light");
  await expect(root, "the choice counts, not the system").toHaveAttribute("data-theme", "light");
  await choose("Like the system");
  await expect(root).toHaveAttribute("data-theme", "dark");
  await page.emulateMedia({ colorScheme: "light" });
  await expect(root).toHaveAttribute("data-theme", "light");
});

test("keys lead to each part of the page", async () => {
  const rest = (): Promise<void> => page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await set("fxs2", { act: "lift" });
  await expect(section("Calls in progress").getByRole("listitem")).toHaveCount(1);
  for (const [key, place] of [["c", "#calls"], ["r", "#recent"], ["b", "#board"]] as const) {
    await rest();
    await page.keyboard.press(key);
    await expect(page.locator(place).locator("a, button, input").first()).toBeFocused();
    await expect(page.locator(place)).toBeInViewport();
  }
  await set("fxs2", { act: "hang_up" });
  await quiet();
  await rest();
  await page.keyboard.press("/");
  const search = page.getByLabel("Search by name or extension");
  await expect(search).toBeFocused();
  // Whoever types a name is not led away.
  await page.keyboard.type("rb?");
  await expect(search).toBeFocused();
  await expect(search).toHaveValue("rb?");
  await search.fill("");
  await rest();
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(dialog.getByText("Go to the simulated sets")).toBeVisible();
  await noObstacles(page);
  await page.keyboard.press("c");
  await expect(dialog, "keys rest while a dialog is open").toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  // From another page they lead to the live one first.
  await page.goto("/ports");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("b");
  await expect(page.locator("#board").locator("a, button, input").first()).toBeFocused();
  await expect(page).toHaveURL(/\/$/);
});

test("sets become fax machines, of which one answers the other", async () => {
  test.skip(process.env["CENTRALKA_MOCK"] === "1", "the mock connects no calls");
  const sets = section("Simulated sets").getByRole("listitem");
  const [first, second] = [sets.nth(0), sets.nth(1)];
  for (const set of [first, second]) {
    await set.getByRole("button", { name: "Fax machine" }).click();
    await expect(set.getByText("A fax machine: it answers the first ring.")).toBeVisible();
  }
  await noObstacles(page);
  await first.getByRole("button", { name: "Lift" }).click();
  await first.getByLabel("Number").fill("302");
  await first.getByRole("button", { name: "Dial" }).click();
  await expect(second.getByRole("button", { name: "Hang up" }), "nobody pressed a button").toBeVisible({ timeout: 20_000 });
  await expect(first.getByText("It hears a fax machine that answers.")).toBeVisible({ timeout: 20_000 });
  for (const set of [first, second]) {
    await set.getByRole("button", { name: "Fax machine" }).click();
    await set.getByRole("button", { name: "Hang up" }).click();
    await expect(set.getByText(/fax machine:/)).toHaveCount(0);
  }
});

test("every language, on a desk and on a phone, in light and in dark", async () => {
  const words = { pl: "Trwające połączenia", cs: "Probíhající hovory", ru: "Текущие вызовы", en: "Calls in progress" };
  for (const [code, title] of Object.entries(words)) {
    await page.locator("header [aria-expanded]").click();
    await page.locator("header select").selectOption(code);
    await page.keyboard.press("Escape");
    await expect(section(title)).toBeVisible();
    await expect(page.locator("html")).toHaveAttribute("lang", code);
    for (const [width, scheme] of [[1280, "dark"], [375, "light"], [375, "dark"], [1280, "light"]] as const) {
      await page.setViewportSize({ width, height: 860 });
      await page.emulateMedia({ colorScheme: scheme });
      await expect(page.locator("html")).toHaveAttribute("data-theme", scheme);
      await noSidewaysScroll();
      if (code === "ru") await noObstacles(page);
    }
  }
});

test("the panel asked no other host, and no script failed", () => {
  expect(foreign).toEqual([]);
  expect(errors).toEqual([]);
});
