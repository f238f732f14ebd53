/**
 * The box, played in the browser: `npm run dev:mock`. The claim code is ABCD-2345; the page's
 * address may begin with `?signed_in`, `?claimed`, `?empty` or `?failing` to start elsewhere.
 */
import type { BoardAct, Change, Person, PhoneCard, Problem, Session, Stream } from "../api/client";
import { fold } from "../lib/fold";
import { hangUps, portHistory, portList, setMessages, setTest, threads } from "./ports";
import { office, PEOPLE, recent, sound, story } from "./office";

const flags = new URLSearchParams(location.search);
let live = office(Date.now());
let ended = recent(Date.now());
let claimed = flags.has("claimed") || flags.has("signed_in") || sessionStorage.getItem("claimed") !== null;
let inside = flags.has("signed_in") || sessionStorage.getItem("inside") !== null;
if (flags.has("empty")) {
  live = { ...live, phones: [], calls: [], people: PEOPLE.slice(0, 1), board: { name: "", sets: [] } };
  ended = [];
}
if (flags.has("failing")) live = { ...live, health: { state: "failing", reasons: ["disk_full"] } };
let before = live;
const streams = new Set<MockStream>();

class MockStream implements Stream {
  private readonly target = new EventTarget();

  constructor() {
    streams.add(this);
    setTimeout(() => this.send("live", { ...live, now_ms: Date.now() }), 20);
    setTimeout(() => this.hear(), 40);
    setInterval(() => this.hear(), 1000);
  }

  private hear(): void {
    const talking = live.calls.filter((call) => call.answered_at_ms != null);
    this.send("quality", talking.flatMap(sound));
  }

  addEventListener(name: string, heard: (event: MessageEvent<string>) => void): void {
    this.target.addEventListener(name, heard as EventListener);
  }

  send(name: string, data: unknown): void {
    if (streams.has(this)) this.target.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }

  close(): void {
    streams.delete(this);
  }
}

export const stream = (): Stream => new MockStream();

type Body<T extends Change["type"]> = Extract<Change, { type: T }>["data"];
function tell<T extends Change["type"]>(type: T, data: Body<T>): void {
  const change = { seq: live.seq + 1, type, data } as unknown as Change;
  live = fold(live, change);
  for (const each of streams) each.send("change", change);
}

const say = (status: number, body?: unknown): Response =>
  new Response(body === undefined ? null : JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json" },
  });
const fail = (status: number, error: string, rest: Partial<Problem> = {}): Response =>
  say(status, { error, message: error, ...rest });

function session(): Session {
  const { office } = live;
  const signed_in = { person: "ewa", name: PEOPLE[0]?.name ?? "", role: "administrator" as const, office, version: "0.0.0" };
  return { claimed, recovery: false, language: office.language, signed_in: inside ? signed_in : null };
}

function enter(): Response {
  claimed = inside = true;
  sessionStorage.setItem("claimed", "1");
  sessionStorage.setItem("inside", "1");
  return say(200, session());
}

function card(person: Person): PhoneCard {
  const password = "mK7q-vD2r-Xw9t";
  const uri = `sip:${person.extension}:${password}@192.168.1.10:5060;transport=udp`;
  const cells = Array.from({ length: 29 * 29 }, (_, i) => ((i * 7919 + (i >> 3) * 104729) % 11 < 5 ? `M${i % 29} ${Math.floor(i / 29)}h1v1h-1z` : ""));
  const qr_svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 33 33"><path d="${cells.join("")}"/></svg>`;
  return { name: person.name, user: person.extension, password, server: "192.168.1.10", port: 5060, transport: "udp", uri, qr_svg };
}

function add(wish: { name: string; extension: string; role: Person["role"] }): Response {
  if (live.people.some((p) => p.extension === wish.extension)) return fail(422, "extension_taken", { field: "extension" });
  const person: Person = { id: `p${live.seq}`, login: "", analog: false, ...wish };
  before = live;
  tell("people", [...live.people, person]);
  return say(201, { person, card: card(person), version: 8 });
}

function act(port: string, body: BoardAct): Response {
  const set = live.board.sets.find((s) => s.port === port);
  if (!set) return fail(404, "not_found");
  if (body.act !== "lift" && body.act !== "hang_up" && body.act !== "fax" && set.hook === "on") return fail(409, "on_hook");
  if (body.act === "lift") tell("set", { ...set, hook: "off", ringing: false, dialled: "" });
  if (body.act === "hang_up") tell("set", { ...set, hook: "on", dialled: "", talking: null });
  if (body.act === "dial") tell("set", { ...set, dialled: set.dialled + body.digits });
  if (body.act === "talk") tell("set", { ...set, talking: body.mark });
  if (body.act === "quiet") tell("set", { ...set, talking: null });
  if (body.act === "fax") tell("set", { ...set, fax: body.on });
  return say(204);
}

function heard(port: string): Response {
  const set = live.board.sets.find((s) => s.port === port);
  if (!set || set.hook === "on") return say(200, { kind: "silence", mark: null, frequency_hz: null, level_dbm0: null });
  const kind = set.dialled ? "ringback_tone" : "dial_tone";
  return say(200, { kind, mark: null, frequency_hz: 425, level_dbm0: -14.2 });
}

function hangUp(id: string): Response {
  const call = live.calls.find((c) => c.id === id);
  if (call) {
    const done = { id, from: call.from, to: call.to, outcome: "answered" as const, cause: "administrator", recorded: false };
    const talk_ms = call.answered_at_ms == null ? null : Date.now() - call.answered_at_ms;
    const record = { ...done, started_at_ms: call.started_at_ms, duration_ms: Date.now() - call.started_at_ms, talk_ms };
    ended = [record, ...ended];
    tell("ended", record);
  }
  return say(204);
}

function record(id: string, recording: "runs" | "paused"): Response {
  const call = live.calls.find((c) => c.id === id);
  if (call) tell("call", { ...call, recording });
  return say(204);
}

function explain(id: string): Response {
  const done = ended.find((c) => c.id === id);
  if (done) return say(200, story(done, false));
  const call = live.calls.find((c) => c.id === id);
  if (!call) return fail(404, "not_found");
  const talk_ms = call.answered_at_ms == null ? null : 1;
  const { from, to, started_at_ms } = call;
  return say(200, story({ id, from, to, started_at_ms, outcome: "missed", cause: "", duration_ms: 0, talk_ms, recorded: false }, true));
}

/** Answers a request as the box would. */
export async function answer(request: Request): Promise<Response> {
  await new Promise((resolve) => setTimeout(resolve, 60));
  const path = new URL(request.url).pathname.replace("/api/v1", "");
  const body = request.method === "GET" ? null : await request.json().catch(() => null);
  if (path === "/session") return say(200, session());
  if (path === "/claim") return body.code.replace("-", "") === "ABCD2345" ? enter() : fail(401, "wrong_code");
  if (path === "/login") return body.password.length > 3 ? enter() : fail(401, "wrong_password");
  if (path === "/authority") return say(200, { fingerprint: Array(32).fill("A7").join(":"), der: "/ca.crt", pem: "/ca.pem" });
  if (!inside) return fail(401, "not_signed_in");
  const [, call, end] = path.match(/^\/calls\/([^/]+)(\/hang-up)?$/) ?? [];
  const [, tape, wish] = path.match(/^\/calls\/([^/]+)\/recording\/(pause|resume)$/) ?? [];
  const [, port, hear] = path.match(/^\/board\/([^/]+)(\/heard)?$/) ?? [];
  const owner = live.people.find((p) => path === `/people/${p.id}/card`);
  if (path === "/logout") {
    inside = false;
    sessionStorage.removeItem("inside");
    return say(204);
  }
  if (path.endsWith("/web-access")) return body.login === "ewa" ? fail(422, "login_taken", { field: "login" }) : say(204);
  if (path === "/password") return body.current.length > 3 ? say(204) : fail(401, "wrong_password");
  if (path === "/calls") return say(200, { calls: ended, next: null });
  if (path === "/ports") return say(200, portList(Date.now()));
  if (path === "/media-threads") return say(200, threads());
  if (path.endsWith("/evidence")) return say(200, { hang_ups: hangUps(Date.now()) });
  if (/^\/evidence\/\d+\/false$/.test(path)) return say(204);
  if (/^\/ports\/[^/]+\/test$/.test(path)) return say(200, setTest(request.method === "POST"));
  if (/^\/sets\/\d+\/messages$/.test(path)) {
    setMessages(body.messages);
    return say(204);
  }
  const [, past] = path.match(/^\/ports\/([^/]+)\/history$/) ?? [];
  if (past) return say(200, portHistory(past, Date.now()));
  if (tape) return record(tape, wish === "pause" ? "paused" : "runs");
  if (call) return end ? hangUp(call) : explain(call);
  if (port) return hear ? heard(port) : act(port, body as BoardAct);
  if (owner) return say(200, card(owner));
  if (path === "/people" && body) return add(body);
  if (path === "/config/undo") {
    tell("people", before.people);
    return say(200, { version: 9 });
  }
  return fail(404, "not_found");
}
