// What every story in the panel does: the first sign-in, another person's, a look in every language, width
// and light, and the search for what keeps people out.
import AxeBuilder from "@axe-core/playwright";
import { type Browser, expect, type Page } from "@playwright/test";
import type { Exchange } from "./exchange";

const PASSWORD = "correct horse battery";
export const LANGUAGES = ["pl", "cs", "ru", "en"] as const;
/** Words of each language. */
export type Words = Record<(typeof LANGUAGES)[number], string>;

/** A page of its own, without a session, on a desk. */
export async function visit(browser: Browser, exchange: Exchange): Promise<Page> {
  const viewport = { width: 1280, height: 860 };
  const context = await browser.newContext({ baseURL: exchange.url, viewport, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto("/");
  return page;
}

const live = (page: Page) => page.getByRole("region", { name: "Calls in progress" });

/** Ewa takes the exchange over, and sees the live page. */
export async function takeOver(browser: Browser, exchange: Exchange): Promise<Page> {
  const page = await visit(browser, exchange);
  await page.getByLabel("Claim code").fill(exchange.code);
  await page.getByLabel("Your name").fill("Ewa Wiśniewska");
  await page.getByLabel("Login").fill("ewa");
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Take over the exchange" }).click();
  await expect(live(page)).toBeVisible();
  return page;
}

/** Somebody of the office signs in, in a browser of their own; `boss` lets them. */
export async function signIn(browser: Browser, exchange: Exchange, boss: Page, name: string, login: string): Promise<Page> {
  const people = (await (await boss.request.get("/api/v1/people")).json()) as { id: string; name: string }[];
  const id = people.find((person) => person.name === name)?.id;
  const access = await boss.request.put(`/api/v1/people/${id}/web-access`, { data: { login, password: PASSWORD } });
  expect(access.status()).toBe(204);
  const theirs = await visit(browser, exchange);
  await theirs.getByLabel("Login").fill(login);
  await theirs.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await theirs.keyboard.press("Enter");
  await expect(live(theirs)).toBeVisible();
  return theirs;
}

/** Nothing that axe can see keeps anybody out. */
export async function noObstacles(page: Page): Promise<void> {
  // What the sticky head covers in the middle of a page is no obstacle: it scrolls.
  await page.evaluate(() => scrollTo(0, 0));
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(", ")}`)).toEqual([]);
}

/** Another language: before signing in it is chosen below the page, later in the menu. */
async function speak(page: Page, code: string): Promise<void> {
  const below = page.locator("footer select");
  if (await below.count()) return void (await below.selectOption(code));
  await page.locator("header [aria-expanded]").click();
  await page.locator("header select").selectOption(code);
  await page.keyboard.press("Escape");
}

/** Looks at a page in every language, on a desk and on a phone, in light and in dark: `seen` waits for a word of
 * the language; pictures get `name`. */
export async function everyLook(page: Page, name: string, words: Words, seen: (word: string) => Promise<void>): Promise<void> {
  for (const code of LANGUAGES) {
    await speak(page, code);
    await seen(words[code]);
    for (const [width, scheme] of [[1280, "dark"], [375, "light"], [375, "dark"], [1280, "light"]] as const) {
      await page.setViewportSize({ width, height: 860 });
      await page.emulateMedia({ colorScheme: scheme });
      await expect(page.locator("html")).toHaveAttribute("data-theme", scheme);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      // What is drawn is as wide as its card, also after the screen became narrower.
      const right = await page.locator("figure svg").evaluateAll((all) => Math.max(0, ...all.map((svg) => svg.getBoundingClientRect().right)));
      expect(right).toBeLessThan(width);
      await page.screenshot({ path: `results/${name}-${code}-${width}-${scheme}.png`, fullPage: true });
    }
    if (code === "ru") await noObstacles(page);
  }
}
