/** An office in the browser, for development and screenshots. The same types as the real one. */
import type { CallExplanation, CallSummary, ExplainStep, LegQuality, Live, LiveCall, Person, Phone } from "../api/client";

const MINUTE = 60_000;
const person = (id: string, name: string, extension: string, role: Person["role"] = "user"): Person => ({
  id,
  name,
  extension,
  login: role === "administrator" ? id : "",
  role,
  analog: false,
});

export const PEOPLE: Person[] = [
  person("ewa", "Ewa Wiśniewska-Brzęczyszczykiewicz", "2001", "administrator"),
  person("jan", "Jan Kowalski", "2005"),
  person("zofia", "Zofia Dąbrowska", "2006"),
  person("tomas", "Tomáš Dvořák", "2010", "supervisor"),
  person("irina", "Ирина Александровна Соколова", "2011"),
  person("peter", "Peter Novák", "2012"),
  person("lab", "Laboratorium protetyczne", "2020"),
  { ...person("front", "Recepcja", "301"), analog: true },
  { ...person("waiting", "Poczekalnia", "302"), analog: true },
];

const phone = (id: string, owner: string, device: string, address: string, transport: Phone["transport"], at: number): Phone => ({
  id,
  owner,
  device,
  address,
  transport,
  expires_at_ms: at + 42 * MINUTE,
});
const party = (id: string) => {
  const found = PEOPLE.find((p) => p.id === id);
  return { name: found?.name ?? "", number: found?.extension ?? id };
};
const hex = (n: number): string => n.toString(16).padStart(32, "0");

export function office(now: number): Live {
  const leg = (id: number, who: string, state: LiveCall["legs"][0]["state"], codec: string | null) => ({
    id: hex(id),
    party: party(who),
    state,
    codec,
  });
  return {
    seq: 1,
    now_ms: now,
    health: { state: "ok", reasons: [] },
    office: { name: "Kowalski Dental", country: "PL", language: "pl", timezone: "Europe/Warsaw" },
    people: PEOPLE,
    phones: [
      phone("a", "ewa", "Yealink SIP-T54W 96.86.0.100", "192.168.1.21:5060", "udp", now),
      phone("b", "jan", "snomD785/10.1.184.15", "192.168.1.22:5060", "tls", now),
      phone("c", "jan", "Linphone Android/6.0.1 (Galaxy A54)", "192.168.1.87:41873", "tcp", now - 40 * MINUTE),
      phone("d", "zofia", "Grandstream GXP2170 1.0.11.64", "192.168.1.23:5060", "udp", now),
      phone("e", "tomas", "baresip v3.9.0", "192.168.1.40:50512", "udp", now),
      phone("f", "irina", "MicroSIP/3.21.6", "192.168.1.41:5060", "udp", now),
    ],
    calls: [
      {
        id: hex(101),
        from: { name: "Maria Zielińska", number: "+48 601 234 567" },
        to: party("jan"),
        state: "talking",
        started_at_ms: now - 4 * MINUTE - 17_000,
        answered_at_ms: now - 4 * MINUTE - 9_000,
        legs: [leg(1, "+48601234567", "talking", "PCMA"), leg(2, "jan", "talking", "PCMA")],
        recording: "runs",
      },
      {
        id: hex(102),
        from: party("irina"),
        to: party("front"),
        state: "ringing",
        started_at_ms: now - 6_000,
        answered_at_ms: null,
        legs: [leg(3, "irina", "talking", "PCMU"), leg(4, "front", "ringing", null)],
      },
    ],
    board: {
      name: "sim",
      sets: [
        { port: "fxs1", extension: "301", hook: "on", ringing: true, dialled: "", talking: null, display: { number: "2005", name: "Jan Kowalski", withheld: false }, lamp: false, fax: false, fax_heard: [] },
        { port: "fxs2", extension: "302", hook: "off", ringing: false, dialled: "*43", talking: 3, display: null, lamp: true, fax: false, fax_heard: [] },
      ],
    },
  };
}

/** How the legs of a call sound: every second one loses packets. */
export function sound(call: LiveCall): LegQuality[] {
  return call.legs.map(({ id }, at) => ({
    leg: id,
    mos_100: at % 2 ? 362 : 439,
    cause: at % 2 ? "loss" : "none",
    packets: at % 2 ? 48 : 50,
    lost: at % 2 ? 2 : 0,
    late: 0,
    jitter_ms: 3 + at,
    round_trip_ms: 24 + 11 * at,
    level_dbm0: -19 - at,
    far_lost_permille: 4 * at,
    far_mos_100: at % 2 ? null : 430,
  }));
}

const recorded = (from: string, talk: number | null): boolean => from === "jan" && talk !== null;

export function recent(now: number): CallSummary[] {
  const rows: [number, string, string, CallSummary["outcome"], string, number, number | null][] = [
    [3, "jan", "ewa", "answered", "normal", 94, 88],
    [11, "tomas", "lab", "failed", "unreachable", 1, null],
    [25, "irina", "zofia", "missed", "no_answer", 31, null],
    [42, "front", "jan", "busy", "busy", 4, null],
    [58, "zofia", "tomas", "answered", "normal", 731, 722],
    [70, "waiting", "*43", "answered", "normal", 21, 21],
    [95, "peter", "2999", "failed", "not_found", 0, null],
    [130, "ewa", "irina", "missed", "cancelled", 12, null],
    [60 * 26, "jan", "zofia", "answered", "normal", 3920, 3911],
  ];
  return rows.map(([ago, from, to, outcome, cause, long, talk], at) => ({
    id: hex(200 + at),
    from: party(from),
    to: party(to),
    outcome,
    cause,
    started_at_ms: now - ago * MINUTE,
    duration_ms: long * 1000,
    talk_ms: talk === null ? null : talk * 1000,
    recorded: recorded(from, talk),
  }));
}

/** A plausible story for any of the calls. */
export function story(call: CallSummary, in_progress: boolean): CallExplanation {
  let seq = 4000;
  const step = (after_ms: number, event: string, rule: string, rest: Partial<ExplainStep> = {}): ExplainStep => ({
    seq: ++seq,
    at_ms: call.started_at_ms + after_ms,
    after_ms,
    event,
    rule,
    ...rest,
  });
  const { from, to, cause } = call;
  const steps = [
    step(0, "call_started", "call.from_phone", { party: from }),
    step(0, "leg_started", "call.from_phone", { party: from }),
  ];
  if (cause === "not_found") {
    steps.push(step(4, "call_ended", "dialled.unknown", { cause, status: 404 }));
  } else {
    steps.push(step(3, "routed", "dialled.person", { party: to }));
    steps.push(step(4, "leg_started", "ring.all_phones", { party: to }));
    steps.push(step(61, "leg_rang", "phone.rang", { party: to }));
    if (call.talk_ms != null || in_progress) {
      steps.push(step(6100, "leg_answered", "phone.answered", { party: to, codec: "PCMA" }));
      steps.push(step(6101, "leg_put_through", "caller.connected", { party: from, codec: "PCMA" }));
      steps.push(step(6101, "call_answered", "phone.answered", { party: to }));
    }
    if (!in_progress) {
      steps.push(step(call.duration_ms, "leg_ended", cause === "normal" ? "party.hung_up" : "ring.timeout", { party: from, cause }));
      steps.push(step(call.duration_ms + 2, "call_ended", cause === "normal" ? "party.hung_up" : "ring.timeout", { cause }));
    }
  }
  const media = { kind: "phone", packets_in: 36_112, packets_out: 36_108, lost: 0, late: 0, jitter_ms: 2, round_trip_ms: 4 };
  const legs = call.talk_ms == null ? [] : [{ party: from, ...media }, { party: to, ...media, packets_in: 36_109, lost: 3, jitter_ms: 11 }];
  const recordings = call.recorded ? [{ id: hex(900), state: "kept" as const, paused: true }] : [];
  return { call, in_progress, steps, legs, recordings };
}
