// The password is lost: the button at the box is held, and the page that asks for a password leads one more
// administrator in, once.
import { expect, type Page, test } from "@playwright/test";
import { type Exchange, start } from "./exchange";
import { everyLook, takeOver, visit, type Words } from "./panel";

let exchange: Exchange;
let ewa: Page;
let page: Page;

test.describe.configure({ mode: "serial" });

test.beforeAll(async ({ browser }) => {
  exchange = await start();
  ewa = await takeOver(browser, exchange);
  page = await visit(browser, exchange);
});

test.afterAll(async () => {
  await Promise.all([ewa, page].map((each) => each?.context().close()));
  await exchange?.stop();
});

const offer = () => page.getByText("A claim code was made at the box.");
const heading = (name: string) => page.getByRole("heading", { level: 1, name });

test("without the button only a password leads in", async () => {
  await expect(page.getByLabel("Password", { exact: true })).toBeVisible();
  await expect(offer()).toHaveCount(0);
});

test("a page that is open when the button is held offers the code by itself", async () => {
  await page.getByLabel("Login").fill("adam");
  exchange.command("sim", "recover", "hold");
  await expect(offer()).toBeVisible({ timeout: 30_000 });
  exchange.command("sim", "recover", "release");
  await expect(page.getByLabel("Login")).toHaveValue("adam");
  const offered: Words = { pl: "Użyj kodu", cs: "Použít kód", ru: "Ввести код", en: "Use the code" };
  await everyLook(page, "login", offered, (word) => expect(page.getByRole("button", { name: word })).toBeVisible());
});

test("there is a way back to the password", async () => {
  await page.getByRole("button", { name: "Use the code" }).click();
  await page.getByRole("button", { name: "Sign in with a password" }).click();
  await page.getByRole("button", { name: "Use the code" }).click();
  const titles: Words = { pl: "Nowy administrator", cs: "Nový správce", ru: "Новый администратор", en: "A new administrator" };
  await everyLook(page, "claim", titles, (title) => expect(heading(title)).toBeVisible());
});

test("the code makes one more administrator, and nobody loses anything", async ({ browser }) => {
  const code = await exchange.newCode();
  expect(code).not.toBe(exchange.code);
  const claim = page.getByRole("button", { name: "Become an administrator" });
  await page.getByLabel("Claim code").fill(exchange.code);
  await page.getByLabel("Your name").fill("Adam Nowak");
  await page.getByLabel("Login").fill("adam");
  await page.getByLabel("New password").fill("correct horse battery");
  await claim.click();
  await expect(page.getByText("This is not the claim code.")).toBeVisible();
  await page.getByLabel("Claim code").fill(code);
  await claim.click();
  await expect(page.getByRole("region", { name: "Calls in progress" })).toBeVisible();
  const people = page.getByRole("region", { name: "People and phones", exact: true });
  await expect(people.getByText("Ewa Wiśniewska")).toBeVisible();
  await expect(people.getByText("Adam Nowak")).toBeVisible();
  await ewa.reload();
  await expect(ewa.getByRole("region", { name: "Calls in progress" })).toBeVisible();
  const later = await visit(browser, exchange);
  await expect(later.getByLabel("Password", { exact: true })).toBeVisible();
  await expect(later.getByRole("button", { name: "Use the code" })).toHaveCount(0);
  await later.context().close();
});
