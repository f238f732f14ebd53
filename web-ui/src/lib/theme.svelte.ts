/** Light or dark: the system's choice until the reader chooses. */
export type Theme = "system" | "light" | "dark";
const dark = matchMedia("(prefers-color-scheme: dark)");
const state = $state<{ theme: Theme }>({ theme: stored() });

export const theme = (): Theme => state.theme;

export function choose(theme: Theme): void {
  state.theme = theme;
  remember("theme", theme === "system" ? null : theme);
  show();
}

export function show(): void {
  const shown = state.theme === "system" ? (dark.matches ? "dark" : "light") : state.theme;
  document.documentElement.dataset["theme"] = shown;
}

dark.addEventListener("change", show);

function stored(): Theme {
  const value = recall("theme");
  return value === "light" || value === "dark" ? value : "system";
}

/** Storage may be forbidden: then a choice lasts as long as the page. */
export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    return;
  }
}

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
