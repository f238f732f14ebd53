import { defineConfig } from "@playwright/test";

// One exchange for all tests, in order: the story of an office from its first minute.
export default defineConfig({
  testDir: ".",
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  outputDir: "results",
  use: {
    // Debian's browser; nothing is downloaded.
    launchOptions: { executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox"] },
    locale: "en-GB",
    timezoneId: "America/New_York",
    reducedMotion: "reduce",
    screenshot: "only-on-failure",
    trace: "off",
  },
});
