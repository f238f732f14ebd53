import { expect, test } from "vitest";
import { ahead, moments, steps, sums, ticks } from "./plot";

const HOUR = 3_600_000;

test("a figure holds until the next is told, but not for ever", () => {
  const range = { from: 0, until: 4 * HOUR, count: 4 };
  const points = [
    { at: -HOUR / 2, value: 48 },
    { at: HOUR * 1.1, value: 46 },
    { at: HOUR * 1.2, value: 47 },
    { at: HOUR * 1.3, value: null },
  ];
  expect(steps(points, range)).toEqual([{ min: 48, max: 48, last: 48 }, { min: 46, max: 47, last: 47 }, null, null]);
  expect(steps([{ at: -2 * HOUR, value: 48 }], range)).toEqual([null, null, null, null]);
  expect(steps([], range)).toEqual([null, null, null, null]);
});

test("a mean of an hour shows between which values it moved", () => {
  const range = { from: 0, until: 2 * HOUR, count: 2 };
  const points = [
    { at: 0, value: -48, between: [-52, 60] as const },
    { at: HOUR / 2, value: -47, between: null },
  ];
  // The spike is that of its own hour only.
  expect(steps(points, range)).toEqual([{ min: -52, max: 60, last: -47 }, { min: -47, max: -47, last: -47 }]);
});

test("counts add up in their step, and what lies outside is left out", () => {
  const range = { from: 100, until: 200, count: 2 };
  const points = [99, 100, 149, 150, 200].map((at) => ({ at, counts: { tone: 1, reversal: 0 } }));
  expect(sums(points, ["tone", "reversal"], range)).toEqual([
    { tone: 2, reversal: 0 },
    { tone: 1, reversal: 0 },
  ]);
});

test("axes have round figures that hold all values", () => {
  expect(ticks(-50.2, -46.1, 4)).toEqual([-52, -50, -48, -46]);
  expect(ticks(0, 0, 4, 1)).toEqual([0, 1]);
  expect(ticks(0, 7, 4, 1)).toEqual([0, 2, 4, 6, 8]);
  expect(ticks(47, 47, 4, 5)).toEqual([45, 50]);
});

test("moments are round where the office is", () => {
  const midnight = Date.UTC(2026, 5, 1, 22);
  expect(ahead(midnight, "Europe/Warsaw")).toBe(2 * HOUR);
  const range = { from: midnight - 5 * HOUR, until: midnight + 19 * HOUR, count: 96 };
  const found = moments(range, 6, "Europe/Warsaw");
  expect(found).toContain(midnight);
  expect(found.length).toBeLessThanOrEqual(6);
});
