/** Words in the reader's language: one lazy JSON file each, keys typed from the English one. */
import type en from "./en.json";

export const LANGUAGES = { en: "English", pl: "Polski", cs: "Čeština", ru: "Русский" } as const;
export type Language = keyof typeof LANGUAGES;
export type Key = keyof typeof en;
type Words = Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>>;
export type Params = Record<string, string | number>;

const files = import.meta.glob<{ default: Words }>("./*.json");
const state = $state<{ language: Language; words: Words }>({ language: "en", words: {} });

export const isLanguage = (code: string | null): code is Language => code !== null && code in LANGUAGES;

/** The language now; reading it in a component makes the component follow. */
export const language = (): Language => state.language;

/** Loads a language's words and shows them. */
export async function speak(code: Language): Promise<void> {
  const load = files[`./${code}.json`];
  if (!load) return;
  state.words = (await load()).default;
  state.language = code;
  if (typeof document !== "undefined") document.documentElement.lang = code;
}

/** The words of a key; `count` among the parameters chooses the plural form. */
export function t(key: Key, params: Params = {}): string {
  return words(key, params) ?? key;
}

/** The words of a key made at run time, such as the name of an error; `null` if there are none. */
export function words(key: string, params: Params = {}): string | null {
  const entry = state.words[key];
  if (entry === undefined) return null;
  const form = new Intl.PluralRules(state.language).select(Number(params["count"] ?? 0));
  const text = typeof entry === "string" ? entry : (entry[form] ?? entry.other ?? "");
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name] ?? "";
    return typeof value === "number" ? value.toLocaleString(state.language) : value;
  });
}
