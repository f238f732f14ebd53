/** Short messages in the corner, perhaps with one thing to do. */
export interface Toast {
  id: number;
  tone: "good" | "bad";
  text: string;
  act?: { label: string; run: () => void };
}
const SHOWN_MS = 8_000;
const AT_ONCE_MAX = 3;
const state = $state<{ toasts: Toast[] }>({ toasts: [] });
let last = 0;

export const toasts = (): Toast[] => state.toasts;

export function toast(tone: Toast["tone"], text: string, act?: Toast["act"]): void {
  const id = ++last;
  const item: Toast = act ? { id, tone, text, act } : { id, tone, text };
  state.toasts = [...state.toasts, item].slice(-AT_ONCE_MAX);
  setTimeout(() => dismiss(id), SHOWN_MS);
}

export function dismiss(id: number): void {
  state.toasts = state.toasts.filter((item) => item.id !== id);
}
