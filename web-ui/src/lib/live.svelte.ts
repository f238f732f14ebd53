/**
 * The live state: whole at first and after every new connection, then change by change. Changes are
 * shown at once when quiet and ten times a second when busy.
 */
import { api, stream, wanted, type Change, type LegQuality, type Live, type Stream } from "../api/client";
import { fold } from "./fold";
import { hear, type Heard } from "./quality";
import { learn } from "./session.svelte";

const SHOW_EVERY_MS = 100;
const TRY_AGAIN_MS = [500, 1000, 2000, 5000];

// Raw: the state is replaced as a whole, nobody needs to be told of single fields.
let shown = $state.raw<Live | null>(null);
let sounds = $state.raw<Heard>(new Map());
const state = $state({ connected: false, now: Date.now() });
type EndedListener = (ended: Extract<Change, { type: "ended" }>["data"] | null) => void;
const endedListeners = new Set<EndedListener>();

let source: Stream | null = null;
let latest: Live | null = null;
let behind: ReturnType<typeof setTimeout> | null = null;
let again: ReturnType<typeof setTimeout> | null = null;
let clock: ReturnType<typeof setInterval> | null = null;
let failures = 0;
let clockAhead = 0;

export const live = (): Live | null => shown;
/** How legs sounded in the last second, by the leg's id. */
export const quality = (): Heard => sounds;
export const connected = (): boolean => state.connected;
/** The box's time in ms, a tick a second. */
export const now = (): number => state.now;

/** Hears of every call that ends; `null` says that some may have been missed. */
export function onEnded(listener: EndedListener): () => void {
  endedListeners.add(listener);
  return () => endedListeners.delete(listener);
}

export function connect(): void {
  if (source) return;
  clock ??= setInterval(() => (state.now = Date.now() + clockAhead), 1000);
  const opened = stream();
  source = opened;
  opened.addEventListener("live", (event) => {
    latest = JSON.parse(event.data) as Live;
    clockAhead = latest.now_ms - Date.now();
    state.now = latest.now_ms;
    state.connected = true;
    failures = 0;
    showNow();
    for (const listener of endedListeners) listener(null);
  });
  opened.addEventListener("change", (event) => {
    const change = JSON.parse(event.data) as Change;
    if (!latest) return;
    latest = fold(latest, change);
    if (change.type === "ended") for (const listener of endedListeners) listener(change.data);
    showSoon();
  });
  opened.addEventListener("quality", (event) => {
    sounds = hear(sounds, JSON.parse(event.data) as LegQuality[], Date.now());
  });
  opened.addEventListener("error", () => {
    disconnect();
    const wait = TRY_AGAIN_MS[Math.min(failures++, TRY_AGAIN_MS.length - 1)];
    again = setTimeout(async () => {
      again = null;
      // A session that is over looks like a broken stream: ask which it was.
      const answer = await wanted(api.GET("/api/v1/session")).catch(() => null);
      if (answer && !answer.signed_in) return void learn();
      connect();
    }, wait);
  });
}

export function disconnect(): void {
  source?.close();
  source = null;
  state.connected = false;
  if (again) clearTimeout(again);
  again = null;
}

/** Forgets everything, for the next person at this browser. */
export function forget(): void {
  disconnect();
  if (clock) clearInterval(clock);
  clock = null;
  latest = null;
  shown = null;
  sounds = new Map();
}

function showSoon(): void {
  if (behind) return;
  shown = latest;
  behind = setTimeout(() => {
    behind = null;
    if (shown !== latest) showSoon();
  }, SHOW_EVERY_MS);
}

function showNow(): void {
  if (behind) clearTimeout(behind);
  behind = null;
  shown = latest;
}
