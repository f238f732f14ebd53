import { expect, test } from "vitest";
import type { Person } from "../api/client";
import { matches, nextExtension } from "./people";

const person = (name: string, extension: string): Person => ({
  id: extension,
  name,
  extension,
  login: "",
  role: "user",
  analog: false,
});

test("the next extension follows the office's own habit", () => {
  expect(nextExtension([])).toBe("100");
  expect(nextExtension([person("a", "2005"), person("b", "2006"), person("c", "301")])).toBe("2007");
  expect(nextExtension([person("a", "99")])).toBe("100");
});

test("people are found without diacritics and in any order", () => {
  const ludka = person("Łudka Žižková", "2010");
  expect(matches(ludka, "zizk lud")).toBe(true);
  expect(matches(ludka, "201")).toBe(true);
  expect(matches(ludka, "nowak")).toBe(false);
  expect(matches(ludka, "")).toBe(true);
});
