/** Times and lengths in the reader's language and the office's time zone. */

/** `0:07`, `12:30`, `1:02:03`. */
export function clock(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

/** Time of day if it is today in the office, else day and time. */
export function when(ms: number, now: number, language: string, timeZone: string): string {
  const day = (at: number): string => dayOf(at, timeZone);
  const options: Intl.DateTimeFormatOptions =
    day(ms) === day(now)
      ? { timeStyle: "short" }
      : { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" };
  return new Intl.DateTimeFormat(language, { ...options, timeZone: known(timeZone) }).format(ms);
}

/** Day, time with seconds, and year. */
export function exactly(ms: number, language: string, timeZone: string): string {
  const zone = known(timeZone);
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "medium", timeZone: zone }).format(ms);
}

/** "5 minutes" until then, in the largest fitting unit. */
export function span(ms: number, language: string): string {
  const s = Math.max(0, Math.round(ms / 1000));
  const [value, unit] = s < 90 ? [s, "second"] : s < 5400 ? [Math.round(s / 60), "minute"] : [Math.round(s / 3600), "hour"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(Number(value));
}

function dayOf(ms: number, timeZone: string): string {
  return new Intl.DateTimeFormat("en-CA", { dateStyle: "short", timeZone: known(timeZone) }).format(ms);
}

/** A zone the browser does not know must not break the page. */
export function known(timeZone: string): string {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
    return timeZone;
  } catch {
    return "UTC";
  }
}
