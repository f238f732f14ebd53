import { expect, test } from "vitest";
import cs from "./cs.json";
import en from "./en.json";
import pl from "./pl.json";
import ru from "./ru.json";

type Entry = string | Record<string, string>;
const languages: Record<string, Record<string, Entry>> = { cs, en, pl, ru };
const forms = (entry: Entry): string[] => (typeof entry === "string" ? [entry] : Object.values(entry));
const names = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g))].sort();

test.each(Object.keys(languages))("%s has every word, with the same parameters", (code) => {
  const language = languages[code] ?? {};
  expect(Object.keys(language)).toEqual(Object.keys(en));
  for (const [key, entry] of Object.entries(en as Record<string, Entry>)) {
    const wanted = names(forms(entry).join());
    for (const text of forms(language[key] ?? "")) {
      expect(text.trim(), key).not.toBe("");
      expect(names(text), `${code} ${key}`).toEqual(wanted);
    }
  }
});

test.each(Object.keys(languages))("%s has every plural form its grammar needs", (code) => {
  const needed = new Intl.PluralRules(code).resolvedOptions().pluralCategories;
  for (const [key, entry] of Object.entries(languages[code] ?? {})) {
    if (typeof entry === "string") continue;
    expect(Object.keys(entry).sort(), key).toEqual([...needed].sort());
  }
});
