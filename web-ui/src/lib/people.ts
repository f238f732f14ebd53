/** Small questions about people and parties. */
import type { Party, Person } from "../api/client";

/** The first name the reader should see: the name, else the number, else nothing. */
export const nameOf = (party: Party): string => party.name || party.number;

/** The number if the name does not already say it. */
export const numberOf = (party: Party): string => (party.name && party.name !== party.number ? party.number : "");

/** The next extension after the highest of the most usual length; 100 in an empty office. */
export function nextExtension(people: Person[]): string {
  const taken = new Set(people.map((person) => person.extension));
  const lengths = new Map<number, number>();
  for (const { extension } of people) {
    if (/^\d{2,8}$/.test(extension)) lengths.set(extension.length, (lengths.get(extension.length) ?? 0) + 1);
  }
  const length = [...lengths].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0] ?? 3;
  const numbers = [...taken].filter((e) => /^\d+$/.test(e) && e.length === length).map(Number);
  let next = numbers.length > 0 ? Math.max(...numbers) + 1 : 10 ** (length - 1);
  while (taken.has(String(next))) next += 1;
  return String(next).length <= 8 ? String(next) : "";
}

/** Whether all the typed words are found in the person's name, extension or login. */
export function matches(person: Person, typed: string): boolean {
  const plain = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/ł/g, "l").replace(/Ł/g, "L").toLowerCase();
  const text = plain(`${person.name} ${person.extension} ${person.login}`);
  return plain(typed).split(/\s+/).every((word) => text.includes(word));
}
