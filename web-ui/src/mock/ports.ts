/** Analog ports in the browser: a line with a bad day behind it, a broken one, sets in several states. */
import type { PortHealth, PortList, PortSample, Schemas } from "../api/client";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WEEK = 7 * 24 * HOUR;
const none = { loop_break: 0, reversal: 0, tone: 0, dial_tone: 0, silence: 0, false_ones: 0 };
const sample = (at_ms: number, rest: Partial<PortSample> = {}): PortSample => ({
  at_ms,
  dead: false,
  in_use: false,
  out_of_service: false,
  left_off_hook: false,
  hang_ups: none,
  ...rest,
});
const port = (name: string, set: boolean, state: string, now: PortSample, rest: Partial<PortHealth> = {}): PortHealth => ({
  port: name,
  set,
  state,
  now,
  entry: name,
  name,
  number: "",
  fault: null,
  caller: null,
  learned: [],
  messages: 0,
  can_balance: !set,
  balance: null,
  lifeline: null,
  ...rest,
});

export function portList(now: number): PortList {
  const line = {
    volts: -7,
    loop_tenth_ma: 243,
    ring_vrms: 68,
    ring_tenth_hz: 250,
    rx_dbm0: -21,
    tx_dbm0: -19,
    noise_dbm0: -66,
    erl_db10: 124,
    erle_db10: 318,
    caller_dbm0: -15,
    hang_ups: { ...none, tone: 41, loop_break: 3, silence: 1, false_ones: 2 },
  };
  return {
    bells_at_once: 5,
    board: {
      state: "sound",
      name: "Centralka 4+4",
      file: "/etc/centralka/board.toml",
      wrong: [],
      parts: [
        { name: "fxs1 si3215", device: "/dev/spidev0.0", is_there: true },
        { name: "fxo2 si3050", device: "/dev/spidev0.1", is_there: false },
        { name: "pins", device: "/dev/gpiochip0", is_there: true },
      ],
    },
    ports: [
      port("fxs1", true, "rings", sample(now, { volts: -48, celsius: 44 }), { name: "Recepcja", number: "301", messages }),
      port("fxs2", true, "dials", sample(now, { volts: -9, loop_tenth_ma: 201, celsius: 46 }), { name: "Poczekalnia", number: "302" }),
      port("fxs3", true, "locked", sample(now, { volts: 0, left_off_hook: true }), { name: "Magazyn", number: "303" }),
      port("fxo1", false, "talks", sample(now, line), {
        name: "Linia główna Orange",
        learned: [{ hz: [425], cadence_ms: [480, 490] }],
        balance: {
          at_ms: now - 9 * 60 * MINUTE,
          tried_ms: now - 9 * 60 * MINUTE,
          best: "tbr21",
          presets: (
            [["ohm600", 131], ["ohm900", 142], ["tbr21", 274], ["ohm320_plus1050", 183], ["ohm600_series", null]] as const
          ).map(([impedance, erl_db10]) => ({ impedance, erl_db10 })),
        },
        lifeline: { set: "fxs1", at_ms: now - 9 * 60 * MINUTE, verdict: "works", worked_ms: now - 9 * 60 * MINUTE },
        caller: { at_ms: now - 6 * MINUTE, party: { name: "Maria Zielińska", number: "+48 601 234 567" } },
      }),
      port("fxo2", false, "idle", sample(now, { out_of_service: true }), {
        fault: "lost",
        name: "Linia zapasowa",
        lifeline: { set: "fxs2", at_ms: now - 5 * 60 * MINUTE, verdict: "stays_off", worked_ms: now - 7 * 24 * 60 * MINUTE },
      }),
    ],
  };
}

export function portHistory(name: string, now: number): Schemas["PortHistory"] {
  const set = name.startsWith("fxs");
  const wave = (minutes: number, long: number): number => Math.sin((minutes / long) * 6.28);
  const one = (minutes: number): PortSample =>
    sample(now - minutes * MINUTE, {
      volts: minutes > 400 && minutes < 460 ? 0 : Math.round(-48 + 2 * wave(minutes, 700)),
      loop_tenth_ma: minutes % 35 < 9 ? Math.round(235 + 10 * wave(minutes, 300)) : 0,
      noise_dbm0: Math.round(-66 + 4 * wave(minutes, 500)),
      erl_db10: set ? null : Math.round(120 + 15 * wave(minutes, 900)),
      hang_ups: set || minutes % 35 !== 8 ? none : { ...none, [minutes % 3 === 0 ? "loop_break" : minutes % 11 === 0 ? "silence" : "tone"]: 1 },
    });
  const hour = (hours: number): PortSample => ({
    ...one(hours * 60),
    volts: -47,
    spread: { volts: hours % 50 === 7 ? [-49, 62] : [-49, -45], loop_tenth_ma: [0, 243], noise_dbm0: [-71, -60] },
  });
  const minutes = Array.from({ length: 1440 }, (_, minutes) => one(minutes));
  const hours = Array.from({ length: (24 * 31 * HOUR - WEEK) / HOUR }, (_, at) => hour(7 * 24 + at));
  return { samples: [...minutes, ...hours], next_ms: null };
}

/** Speech that goes on, or a tone in the rhythm of busy. */
const loud = (speech: boolean): number[] =>
  Array.from({ length: 120 }, (_, at) => (speech ? 14 + Math.round(18 * Math.abs(Math.sin(at / 5) * Math.cos(at / 17))) : at % 40 < 20 ? 17 : 60));

export function hangUps(now: number): Schemas["HangUpEvidence"][] {
  const tone = { says: "busy", learned: true, measured: { hz: [425], cadence_ms: [480, 490] }, cycles: 3, heard_ms: 3050, level_dbm0: -14, no_speech_ms: 3600 };
  const one = (id: number, ago: number, sign: string, rest: Partial<Schemas["HangUpEvidence"]> = {}) => ({
    id,
    at_ms: now - ago * MINUTE,
    call: (200).toString(16).padStart(32, "0"),
    sign,
    tone: sign === "tone" ? tone : null,
    false_one: false,
    below_full_db: loud(sign !== "tone" || id === 1),
    ...rest,
  });
  return [one(3, 12, "tone"), one(2, 47, "loop_break"), one(1, 200, "tone", { false_one: true })];
}

let messages = 2;
export function setMessages(count: number): void {
  messages = count;
}

let tested = 0;
export function setTest(begin: boolean): Schemas["SetTest"] {
  if (begin) tested = 1;
  else if (tested > 0) tested += 1;
  const ways = ["bellcore", "bellcore_single", "etsi_fsk_ring", "etsi_fsk_dtas", "dtmf_abdc"];
  const outcome = (at: number) => (at >= tested ? null : at === 3 ? ("unanswered" as const) : ("sent" as const));
  return { used: "etsi_fsk_ring", steps: tested === 0 ? [] : ways.map((way, at) => ({ number: String(901 + at), way, outcome: outcome(at) })) };
}

export const threads = (): Schemas["MediaThread"][] =>
  (["normal", "spare"] as const).map((state, at) => ({
    name: `media-${at}`,
    legs: 14 + 120 * at,
    load_permille: 62 + 790 * at,
    state,
    overloads: 3 * at,
    overruns: 2 * at,
    tick_late_us_max: 340 + 11_000 * at,
    turn_us_max: 810 + 9000 * at,
    real_time: at === 0,
    locked: at === 0,
    seconds: Array.from({ length: 10 }, (_, second) => ({ at_s: 4180 + second, busy_ms: 61 + second, longest_us: 512, late_us: 90, datagrams_in: 700, datagrams_out: 698 })),
  }));
