import { expect, test } from "vitest";
import type { LegQuality, LiveCall } from "../api/client";
import { gradeOf, hear, percent, worstOf } from "./quality";

const leg = (id: string, rest: Partial<LegQuality> = {}): LegQuality => ({
  leg: id,
  mos_100: 440,
  cause: "none",
  packets: 50,
  lost: 0,
  late: 0,
  jitter_ms: 2,
  far_lost_permille: 0,
  ...rest,
});
const call = { legs: [{ id: "a" }, { id: "b" }] } as LiveCall;

test("the worst leg says how the call sounds", () => {
  const heard = hear(new Map(), [leg("a"), leg("b", { mos_100: 350 }), leg("c", { mos_100: 100 })], 0);
  expect(worstOf(call, heard)?.leg).toBe("b");
  expect(worstOf(call, new Map())).toBeNull();
});

test("sound in one direction is bad whatever the score", () => {
  expect(gradeOf(leg("a"))).toBe("good");
  expect(gradeOf(leg("a", { cause: "clipping" }))).toBe("fair");
  expect(gradeOf(leg("a", { far_mos_100: 300 }))).toBe("bad");
  const heard = hear(new Map(), [leg("a", { mos_100: 350 }), leg("b", { cause: "one_way" })], 0);
  expect(worstOf(call, heard)?.leg).toBe("b");
});

test("what is old is not known", () => {
  const first = hear(new Map(), [leg("a"), leg("b")], 0);
  const later = hear(first, [leg("a", { lost: 50 })], 4000);
  expect([...later.keys()]).toEqual(["a"]);
  expect(percent(leg("a", { lost: 50 }), 50)).toBe(50);
  expect(percent(leg("a", { packets: 0 }), 0)).toBe(0);
});
