import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";
import { isLanguage, speak } from "./i18n/index.svelte";
import { learn, session } from "./lib/session.svelte";
import { recall, show } from "./lib/theme.svelte";

/** The language chosen at this browser, else the browser's own, else the office's. */
async function greet(): Promise<void> {
  show();
  const chosen = [recall("language"), ...navigator.languages.map((tag) => tag.slice(0, 2))].find(isLanguage);
  await Promise.all([speak(chosen ?? "en"), learn()]);
  const office = session()?.language ?? null;
  if (!chosen && isLanguage(office)) await speak(office);
  const target = document.getElementById("app");
  if (target) mount(App, { target });
}

void greet();
