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
