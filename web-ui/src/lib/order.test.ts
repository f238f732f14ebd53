import { expect, test } from "vitest";
import { inOrder } from "./order";

test("an answer that was overtaken does not count", () => {
  const ask = inOrder();
  const [first, second] = [ask(), ask()];
  expect(second()).toBe(true);
  expect(first()).toBe(false);
  // The same answer may be looked at twice: for what it says, and for what went wrong with it.
  expect(second()).toBe(true);
});

test("a box that answers more slowly than it is asked is heard", () => {
  const ask = inOrder();
  const first = ask();
  ask();
  expect(first()).toBe(true);
  const third = ask();
  expect(third()).toBe(true);
});
