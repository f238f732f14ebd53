import { expect, test } from "vitest";
import { clock, span, when } from "./format";

test("lengths read like a clock", () => {
  expect([0, 7_400, 750_000, 3_723_000, -5].map(clock)).toEqual(["0:00", "0:07", "12:30", "1:02:03", "0:00"]);
});

test("today is the office's day, not the browser's", () => {
  const now = Date.UTC(2026, 10, 22, 23, 30);
  const earlier = Date.UTC(2026, 10, 22, 22, 30);
  expect(when(earlier, now, "en-GB", "UTC")).toBe("22:30");
  expect(when(earlier, now, "en-GB", "Europe/Warsaw")).toContain("Nov");
  expect(when(earlier, now, "en-GB", "No/Such")).toBe("22:30");
});

test("spans take the largest fitting unit", () => {
  expect(span(30_000, "en")).toBe("30 sec");
  expect(span(600_000, "en")).toBe("10 min");
  expect(span(7_200_000, "en")).toBe("2 hr");
});
