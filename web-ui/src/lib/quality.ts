/** How calls sound: the last second of each leg, and what it means for the call. */
import type { LegQuality, LiveCall } from "../api/client";

/** Seconds of legs, and when they came, by the browser's clock. */
export type Heard = ReadonlyMap<string, { quality: LegQuality; at: number }>;
export type Grade = "good" | "fair" | "bad";

/** A leg of which nothing was told for so long is not known any more. */
const OLD_MS = 3500;

/** Adds a second; what is old goes. */
export function hear(before: Heard, legs: LegQuality[], at: number): Heard {
  const next = new Map([...before].filter(([, heard]) => at - heard.at < OLD_MS));
  for (const quality of legs) next.set(quality.leg, { quality, at });
  return next;
}

/** What the leg's party hears, or what is heard of it, whichever is worse: hundredths of a score. */
export const scoreOf = (leg: LegQuality): number => Math.min(leg.mos_100, leg.far_mos_100 ?? leg.mos_100);

export function gradeOf(leg: LegQuality): Grade {
  const score = scoreOf(leg);
  if (leg.cause === "one_way" || score < 310) return "bad";
  return score < 390 || leg.cause === "clipping" ? "fair" : "good";
}

/** The leg that harms the call most; none while nothing is known. */
export function worstOf(call: LiveCall, heard: Heard): LegQuality | null {
  const known = call.legs.flatMap((leg) => heard.get(leg.id)?.quality ?? []);
  return known.reduce<LegQuality | null>((worst, leg) => (worst && rank(worst) <= rank(leg) ? worst : leg), null);
}

const RANKS = { bad: 0, fair: 1000, good: 2000 } as const;
const rank = (leg: LegQuality): number => RANKS[gradeOf(leg)] + scoreOf(leg);

/** Part of the packets of a second, in percent. */
export const percent = (leg: LegQuality, count: number): number =>
  (100 * count) / Math.max(1, leg.packets + leg.lost + leg.late);
