/** What a plot is made of: values gathered in steps of time, and round figures for its axes. */

export interface Point {
  at: number;
  value: number | null;
  /** Lowest and highest, where the value is a mean of some time. */
  between?: readonly [number, number] | null | undefined;
}
/** What a figure was in one step of time. */
export interface Step {
  min: number;
  max: number;
  last: number;
}
/** A part of time, cut into steps of equal length. */
export interface Range {
  from: number;
  until: number;
  count: number;
}

/** An unchanged figure is told once an hour: what was not told for longer was not known. */
const HELD_MS = 65 * 60_000;

export const stepMs = (range: Range): number => (range.until - range.from) / range.count;
export const startOf = (range: Range, at: number): number => range.from + at * stepMs(range);

/** Gathers figures, oldest first, into steps; a figure holds until the next one is told. */
export function steps(points: Point[], range: Range): (Step | null)[] {
  const made: (Step | null)[] = [];
  let held: Point | null = null;
  let next = 0;
  for (; points[next] && points[next]!.at < range.from; next += 1) held = points[next]!;
  for (let at = 0; at < range.count; at += 1) {
    const [begin, end] = [startOf(range, at), startOf(range, at + 1)];
    let step: Step | null = null;
    const take = (value: number, [min, max]: readonly [number, number] = [value, value]): void => {
      step = step ? { min: Math.min(step.min, min), max: Math.max(step.max, max), last: value } : { min, max, last: value };
    };
    if (held?.value != null && begin - held.at <= HELD_MS) take(held.value);
    for (; points[next] && points[next]!.at < end; next += 1) {
      held = points[next]!;
      if (held.value != null) take(held.value, held.between ?? undefined);
    }
    made.push(step);
  }
  return made;
}

/** Adds counts up, step by step. */
export function sums<K extends string>(points: { at: number; counts: Record<K, number> }[], keys: readonly K[], range: Range): Record<K, number>[] {
  const none = Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;
  const made = Array.from({ length: range.count }, () => ({ ...none }));
  for (const { at, counts } of points) {
    const step = made[Math.floor((at - range.from) / stepMs(range))];
    if (step) for (const key of keys) step[key] += counts[key];
  }
  return made;
}

/** Round figures from at most `min` to at least `max`, about `count` of them. */
export function ticks(min: number, max: number, count: number, least = 0): number[] {
  const span = Math.max(max - min, least, 1e-9);
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = Math.max([1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? rough, least);
  const first = Math.floor(min / size + 1e-9);
  const last = Math.max(first + 1, Math.ceil(max / size - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, at) => (first + at) * size);
}

/** How far the clock of a zone is ahead of UTC at a moment, in ms. */
export function ahead(ms: number, timeZone: string): number {
  const whole = Math.floor(ms / 1000) * 1000;
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(whole);
  const get = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(get("year"), get("month") - 1, get("day"), get("hour"), get("minute"), get("second")) - whole;
}

const HOUR = 3_600_000;
const TICK_MS = [60_000, 300_000, 600_000, 900_000, 1_800_000, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 48 * HOUR, 96 * HOUR, 168 * HOUR, 336 * HOUR];

/** Moments that are round in the office's time, at most `count` of them. */
export function moments(range: Range, count: number, timeZone: string): number[] {
  const span = range.until - range.from;
  const size = TICK_MS.find((ms) => span / ms <= count) ?? span;
  const shift = ahead(range.until, timeZone);
  const first = Math.ceil((range.from + shift) / size) * size - shift;
  const found = [];
  for (let at = first; at <= range.until; at += size) found.push(at);
  return found;
}
