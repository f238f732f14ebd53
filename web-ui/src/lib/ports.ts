/** What analog ports measure, in the reader's words and units. */
import { api, wanted, type PortHealth, type PortSample, type Schemas } from "../api/client";
import { language, t, words } from "../i18n/index.svelte";
import type { Point } from "./plot";

/** A figure of a port, as a row of a list. */
export interface Fact {
  label: string;
  text: string;
}

const number = (value: number, digits: number): string =>
  value.toLocaleString(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
export const volts = (value: number): string => `${number(value, 0)} V`;
export const milliamperes = (value: number): string => `${number(value, 1)} mA`;
export const dbm0 = (value: number): string => `${number(value, 0)} dBm0`;
export const decibels = (value: number): string => `${number(value, 1)} dB`;

/** An impedance as engineers write it. */
const IMPEDANCES: Record<string, string> = {
  ohm600: "600 Ω",
  ohm900: "900 Ω",
  tbr21: "270 Ω + 750 Ω ∥ 150 nF",
  ohm220_plus820: "220 Ω + 820 Ω ∥ 120 nF",
  ohm220_plus820_short: "220 Ω + 820 Ω ∥ 115 nF",
  ohm370_plus620: "370 Ω + 620 Ω ∥ 310 nF",
  ohm320_plus1050: "320 Ω + 1050 Ω ∥ 230 nF",
  ohm200_plus680: "200 Ω + 680 Ω ∥ 100 nF",
  ohm600_series: "600 Ω + 2.16 µF",
  ohm900_series: "900 Ω + 2.16 µF",
};
export const ohms = (name: string): string => IMPEDANCES[name] ?? name;

/** Levels say silence by this figure. */
const SILENCE_DBM0 = -127;
const level = (value: number): string => (value <= SILENCE_DBM0 ? t("port.silence") : dbm0(value));

/** What the port is doing, in one sentence. */
export const doing = (port: PortHealth): string =>
  words(`port.${port.set ? "set" : "line"}.${port.state}`) ?? port.state;

/** Flaws that somebody should look after, the worst first. */
export function flaws(port: PortHealth): string[] {
  const { now, fault, lifeline } = port;
  const verdict = lifeline?.verdict;
  const broken = t("port.out_of_service", { why: (fault && words(`port.fault.${fault}`)) ?? t("port.fault.unknown") });
  return [
    ...(now.out_of_service ? [broken] : []),
    ...(now.dead ? [t("port.dead")] : []),
    ...(now.in_use ? [t("port.in_use")] : []),
    ...(now.left_off_hook ? [t("port.left_off_hook")] : []),
    ...(verdict === "stays_off" || verdict === "stays_on" ? [t(`port.lifeline.${verdict}`, { set: lifeline?.set ?? "" })] : []),
    ...(now.foreign_volts ? [t("port.foreign", { volts: volts(now.foreign_volts) })] : []),
  ];
}

/** Everything measured, as far as the port can. */
export function facts({ now }: PortHealth): Fact[] {
  const fact = (label: string, value: number | undefined | null, say: (value: number) => string): Fact[] =>
    value == null ? [] : [{ label, text: say(value) }];
  const hertz = (value: number): string => `${number(value / 10, 1)} Hz`;
  const ring = now.ring_tenth_hz == null ? "" : ` · ${hertz(now.ring_tenth_hz)}`;
  return [
    ...fact(t("port.volts"), now.volts, volts),
    ...fact(t("port.loop"), now.loop_tenth_ma, (value) => milliamperes(value / 10)),
    ...fact(t("port.ring"), now.ring_vrms, (value) => volts(value) + ring),
    ...fact(t("port.rx"), now.rx_dbm0, level),
    ...fact(t("port.tx"), now.tx_dbm0, level),
    ...fact(t("port.noise"), now.noise_dbm0, level),
    ...fact(t("port.erl"), now.erl_db10, (value) => decibels(value / 10)),
    ...fact(t("port.erle"), now.erle_db10, (value) => decibels(value / 10)),
    ...fact(t("port.caller_level"), now.caller_dbm0, dbm0),
    ...fact(t("port.celsius"), now.celsius, (value) => `${number(value, 0)} °C`),
  ];
}

/** Ways by which a line shows that the far party has hung up. */
export const SIGNS = ["loop_break", "reversal", "tone", "dial_tone", "silence"] as const;
export type Sign = (typeof SIGNS)[number];
export const hangUps = (sample: PortSample): number => SIGNS.reduce((sum, sign) => sum + sample.hang_ups[sign], 0);

/** A learned tone: "425 Hz, 500/500 ms". */
export function toneOf({ hz, cadence_ms }: PortHealth["learned"][number]): string {
  const steps = cadence_ms.length > 0 ? `${cadence_ms.join("/")} ms` : t("port.steady");
  return `${hz.join(" + ")} Hz, ${steps}`;
}

/** Figures of samples that can be drawn. */
export type Figure = keyof Schemas["PortSpread"];

/** A figure of the samples, as `of` says it; silence has no level to draw. */
export function curve(samples: PortSample[], figure: Figure, of: (value: number) => number | null = (value) => value): Point[] {
  return samples.map((sample) => {
    const value = sample[figure];
    const between = sample.spread?.[figure]?.flatMap((end) => of(end) ?? []);
    const [low, high] = between ?? [];
    return { at: sample.at_ms, value: value == null ? null : of(value), between: low != null && high != null ? [low, high] : null };
  });
}
export const heard = (value: number): number | null => (value <= SILENCE_DBM0 ? null : value);

/** What can be wrong with a port, as its samples tell it. */
export const FLAWS = ["dead", "in_use", "out_of_service", "left_off_hook"] as const;
export type Flaw = (typeof FLAWS)[number];

/** Pages of one answer's history: a week of minutes, a month of hours, and a little. */
const PAGES_MAX = 9;

/** The samples of a port since a moment, oldest first, with the last one before it. */
export async function history(port: string, from: number): Promise<PortSample[]> {
  const all: PortSample[] = [];
  let query: { before_ms?: number } = {};
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { samples, next_ms }: Schemas["PortHistory"] = await wanted(
      api.GET("/api/v1/ports/{port}/history", { params: { path: { port }, query } }),
    );
    all.push(...samples);
    const last = all.at(-1);
    if (next_ms == null || (last && last.at_ms < from)) break;
    query = { before_ms: next_ms };
  }
  const older = all.findIndex((sample) => sample.at_ms < from);
  return (older < 0 ? all : all.slice(0, older + 1)).reverse();
}
