// Recordings and sounds in a browser: a call is recorded, listened to, moved about in and kept; music is
// brought, heard, chosen and taken away, prompts are unless a conference greets with them; a new address of the panel counts when it is saved.
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { type Exchange, start } from "./exchange";
import { everyLook, noObstacles, signIn, takeOver } from "./panel";
import { PlainPhone } from "./plain-phone";

const MORE = `
[[person]]
name = "Piotr Wiśniewski"
extension = "2007"
role = "user"
sip_password = "s3cret-2007"
codecs = ["pcma"]
record = "all"
`;

let exchange: Exchange;
let context: BrowserContext;
let page: Page;

test.describe.configure({ mode: "serial" });

test.use({
  launchOptions: {
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
  },
});

test.beforeAll(async ({ browser }) => {
  exchange = await start(MORE);
  page = await takeOver(browser, exchange);
  context = page.context();
});

test.afterAll(async () => {
  await context?.close();
  await exchange?.stop();
});

/** The person at the simulated set acts. */
async function set(act: Record<string, string>): Promise<void> {
  const answer = await context.request.post("/api/v1/board/fxs1", { data: act });
  expect(answer.status(), JSON.stringify(act)).toBe(204);
}

/** A tone of two seconds as a WAV file of 8 kHz. */
function tone(hertz: number): Buffer {
  const rate = 8_000;
  const wav = Buffer.alloc(44 + rate * 4);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(36 + rate * 4, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(rate * 4, 40);
  for (let at = 0; at < rate * 2; at += 1) wav.writeInt16LE(Math.round(9_000 * Math.sin((2 * Math.PI * hertz * at) / rate)), 44 + at * 2);
  return wav;
}

const player = () => page.locator("audio");
const figure = (name: "duration" | "currentTime"): Promise<number> =>
  player().evaluate((audio: HTMLAudioElement, key) => audio[key], name);

test("before the first recording the page says how to make one", async () => {
  await page.getByRole("link", { name: "Recordings and music" }).click();
  await expect(page).toHaveURL(/\/recordings$/);
  await expect(page.getByText("Nothing is recorded yet.")).toBeVisible();
  await noObstacles(page);
});

test("a recorded call is there a moment after it, and can be listened to from any place", async () => {
  const plain = await PlainPhone.register(exchange.sipUdp, "2007", "s3cret-2007", 1300);
  await set({ act: "lift" });
  await set({ act: "dial", digits: "2007" });
  await expect.poll(() => plain.isTalking()).toBe(true);
  // Some seconds of it.
  const heard = (): Promise<number> => context.request.get("/metrics").then(async (answer) => {
    const found = /^centralka_media_datagrams_in_total (\d+)$/m.exec(await answer.text());
    return Number(found?.[1]);
  });
  const before = await heard();
  await expect.poll(heard).toBeGreaterThan(before + 150);
  await page.getByRole("link", { name: "Back to the live page" }).click();
  const calls = page.getByRole("region", { name: "Calls in progress" });
  await expect(calls.getByText("Recorded", { exact: true })).toBeVisible();
  await calls.getByRole("button", { name: /^Pause the recording of the call .* Piotr/ }).focus();
  await page.keyboard.press("Enter");
  await expect(calls.getByText("Recording paused")).toBeVisible();
  await noObstacles(page);
  await page.screenshot({ path: "results/recording-paused.png" });
  await calls.getByRole("button", { name: /^Record the call .* again$/ }).click();
  await expect(calls.getByText("Recorded", { exact: true })).toBeVisible();
  await page.goto("/recordings");
  await set({ act: "hang_up" });
  await expect.poll(() => plain.isTalking()).toBe(false);
  plain.close();
  const play = page.getByRole("button", { name: /^Play the recording .* – Piotr Wiśniewski/ });
  await expect(play).toBeVisible();
  await play.focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => figure("duration")).toBeGreaterThan(2);
  // The browser asks for the part where the person goes.
  const middle = (await figure("duration")) / 2;
  await player().evaluate((audio: HTMLAudioElement, to) => {
    audio.pause();
    audio.currentTime = to;
  }, middle);
  await expect.poll(() => player().evaluate((audio: HTMLAudioElement) => audio.seeking)).toBe(false);
  expect(await figure("currentTime")).toBeCloseTo(middle, 1);
  await noObstacles(page);
  await page.screenshot({ path: "results/recordings.png", fullPage: true });
  await page.keyboard.press("Enter");
  await expect(player()).toHaveCount(0);
});

test("a recording is taken along, and leads to its call", async () => {
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: /^Download the recording/ }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^\d{4}-\d\d-\d\d-.*\.wav$/);
  const bytes = readFileSync(await file.path());
  expect(bytes.subarray(0, 4).toString()).toBe("RIFF");
  expect(bytes.readUInt32LE(4) + 8).toBe(bytes.length);
  await page.getByRole("region", { name: "Recordings", exact: true }).getByRole("link", { name: /Piotr/ }).first().click();
  await expect(page.getByText("All calls of a party are recorded.").first()).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(/\/recordings$/);
});

test("a call in the list leads to its recording, and from there to all of them", async () => {
  await page.goto("/");
  const recent = page.getByRole("region", { name: "Recent calls" });
  await recent.getByRole("link", { name: /Piotr.*recorded/ }).first().click();
  const recording = page.getByRole("region", { name: "Recording", exact: true });
  await expect(recording.getByText("with a pause")).toBeVisible();
  await recording.getByRole("button", { name: /^Play the recording/ }).click();
  await expect.poll(() => figure("duration")).toBeGreaterThan(2);
  await noObstacles(page);
  await recording.getByRole("link", { name: "All recordings" }).click();
  await expect(page).toHaveURL(/\/recordings$/);
});

test("music is brought, heard, put on hold and taken away", async () => {
  const music = page.getByRole("region", { name: "Music on hold" });
  const bring = (name: string, buffer: Buffer): Promise<void> =>
    page.locator("#music-file").setInputFiles({ name, mimeType: "audio/wav", buffer });
  await bring("notes.mp3", Buffer.from("These are words, no sound."));
  await expect(page.getByText("This is neither WAV, MP3, Ogg Vorbis nor FLAC.")).toBeVisible();
  await bring("silence.wav", Buffer.concat([tone(400).subarray(0, 44), Buffer.alloc(32_000)]));
  await expect(page.getByText("There is no sound in this file.")).toBeVisible();
  await bring("Wiosna.wav", tone(440));
  await expect(music.getByText("Wiosna", { exact: true })).toBeVisible();
  await bring("Jesień.wav", tone(330));
  await expect(music.getByText("Jesień", { exact: true })).toBeVisible();
  await music.getByRole("button", { name: "Play “Wiosna”" }).click();
  await expect.poll(() => figure("duration")).toBeGreaterThan(1.8);
  await music.getByRole("radio", { name: "On hold: Wiosna" }).check();
  await expect(page.getByText("This is heard from now on.")).toBeVisible();
  await expect(music.getByRole("button", { name: "Delete “Wiosna”" })).toHaveCount(0);
  await noObstacles(page);
  const config = (await (await context.request.get("/api/v1/config")).json()) as { text: string };
  expect(config.text).toMatch(/name = "Wiosna"/);
  await music.getByRole("button", { name: "Delete “Jesień”" }).click();
  await expect(music.getByText("Jesień", { exact: true })).toHaveCount(0);
  await page.reload();
  await expect(music.getByRole("radio", { name: "On hold: Wiosna" })).toBeChecked();
  await music.getByRole("radio", { name: "On hold: The exchange's own music" }).check();
  await expect(music.getByRole("button", { name: "Delete “Wiosna”" })).toBeVisible();
});

test("prompts are brought, heard, and taken away unless a conference greets with them", async () => {
  const prompts = page.getByRole("region", { name: "Prompts" });
  const bring = (name: string): Promise<void> =>
    page.locator("#prompts-file").setInputFiles({ name, mimeType: "audio/wav", buffer: tone(name.length * 40) });
  await expect(prompts.getByText("No prompt of your own yet.")).toBeVisible();
  for (const name of ["Witamy", "Do widzenia"]) {
    await bring(`${name}.wav`);
    await expect(prompts.getByText(name, { exact: true })).toBeVisible();
  }
  await prompts.getByRole("button", { name: "Play “Witamy”" }).click();
  await expect.poll(() => figure("duration")).toBeGreaterThan(1.8);
  await noObstacles(page);
  const { version, text } = (await (await context.request.get("/api/v1/config")).json()) as { version: number; text: string };
  const id = /\[\[prompt\]\]\nid = "([^"]+)"\nname = "Witamy"/.exec(text)?.[1];
  expect(id, text).toBeDefined();
  const room = `\n[[conference]]\nname = "Poniedziałek"\nnumber = "9100"\ngreeting = "${id}"\n`;
  const saved = await context.request.put("/api/v1/config", { data: { base_version: version, text: text + room, reason: "" } });
  expect(saved.status(), await saved.text()).toBe(200);
  await page.reload();
  await expect(prompts.getByText("Greeting of: Poniedziałek")).toBeVisible();
  await expect(prompts.getByRole("button", { name: "Delete “Witamy”" })).toHaveCount(0);
  await prompts.getByRole("button", { name: "Delete “Do widzenia”" }).click();
  await expect(prompts.getByText("Do widzenia", { exact: true })).toHaveCount(0);
  const { prompts: left } = (await (await context.request.get("/api/v1/prompts")).json()) as { prompts: { source: string }[] };
  expect(left).toHaveLength(1);
  const refused = await context.request.delete(`/api/v1/prompts/${left[0]?.source}`);
  expect(refused.status()).toBe(409);
  expect(await refused.json()).toMatchObject({ error: "prompt_in_use" });
});

test("the page in every language, on a desk and on a phone, in light and in dark", async () => {
  const words = { pl: "Nagrania", cs: "Nahrávky", ru: "Записи", en: "Recordings" };
  await everyLook(page, "archive", words, (title) => expect(page.getByRole("region", { name: title, exact: true })).toBeVisible());
});

test("nobody but administrators sees any of it", async ({ browser }) => {
  const other = await browser.newContext({ baseURL: exchange.url });
  for (const path of ["/api/v1/recordings", "/api/v1/music", "/api/v1/prompts"]) {
    expect((await other.request.get(path)).status()).toBe(401);
  }
  await other.close();
});

test("people have a list of their own recorded calls", async ({ browser }) => {
  const piotr = await signIn(browser, exchange, page, "Piotr Wiśniewski", "piotr");
  await piotr.getByRole("link", { name: "My recordings" }).click();
  await expect(piotr.getByRole("button", { name: /^Play the recording .* – Piotr Wiśniewski/ })).toBeVisible();
  await expect(piotr.getByRole("region", { name: "Music on hold" })).toHaveCount(0);
  const words = { pl: "Moje nagrania", cs: "Moje nahrávky", ru: "Мои записи", en: "My recordings" };
  await everyLook(piotr, "own", words, (title) => expect(piotr.getByRole("heading", { level: 1, name: title })).toBeVisible());
  expect((await piotr.request.get("/api/v1/recordings")).status()).toBe(403);
  const theirs = (await (await piotr.request.get("/api/v1/my/recordings")).json()) as { recordings: { id: string; call: string }[] };
  expect(theirs.recordings).toHaveLength(1);
  const [one] = theirs.recordings;
  const sound = `/api/v1/recordings/${one?.id}/sound`;
  expect((await piotr.request.get(sound)).status()).toBe(200);
  const download = piotr.waitForEvent("download");
  await piotr.getByRole("link", { name: /^Download the recording/ }).click();
  expect((await download).suggestedFilename()).toMatch(/\.wav$/);
  // Whoever was not in the call hears nothing of it, and the call says nothing of a recording.
  const jan = await signIn(browser, exchange, page, "Jan Kowalski", "jan");
  await jan.getByRole("link", { name: "My recordings" }).click();
  await expect(jan.getByText("No call of yours is recorded yet.")).toBeVisible();
  expect((await jan.request.get(sound)).status()).toBe(403);
  const call = (await (await jan.request.get(`/api/v1/calls/${one?.call}`)).json()) as { recordings: unknown[] };
  expect(call.recordings).toEqual([]);
  await jan.context().close();
  await piotr.context().close();
});

test("a new address of the panel counts when it is saved, and the page goes on there", async () => {
  const port = await new Promise<number>((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
  type Text = { version: number; text: string };
  const before = (await (await context.request.get("/api/v1/config")).json()) as Text;
  const save = (text: string, base_version: number): Promise<number> =>
    page.evaluate(
      (draft) =>
        fetch("/api/v1/config", { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(draft) }).then((r) => r.status),
      { text, base_version, reason: "another address" },
    );
  // An address of somebody else changes nothing.
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const wrong = (taken.address() as { port: number }).port;
  const at = (port: number): string => before.text.replace(/panel_http = "[^"]*"/, `panel_http = "127.0.0.1:${port}"`);
  expect(await save(at(wrong), before.version)).toBe(422);
  expect(((await (await context.request.get("/api/v1/config")).json()) as Text).version).toBe(before.version);
  taken.close();
  expect(await save(at(port), before.version)).toBe(200);
  await page.goto(`http://127.0.0.1:${port}/recordings`);
  await expect(page.getByRole("heading", { level: 1, name: "Recordings and music" })).toBeVisible();
  await expect(page.getByRole("button", { name: /^Play the recording/ })).toBeVisible();
  await expect.poll(() => page.evaluate((url) => fetch(url, { mode: "no-cors" }).then(() => "open", () => "closed"), exchange.url)).toBe("closed");
});
