import { expect, test } from "vitest";
import type { Change, Live, Phone } from "../api/client";
import { fold } from "./fold";

const empty: Live = {
  seq: 4,
  now_ms: 0,
  health: { state: "ok", reasons: [] },
  office: { name: "", country: "", language: "", timezone: "" },
  people: [],
  phones: [],
  calls: [],
  board: { name: "sim", sets: [] },
};
const phone = (id: string, address: string): Phone => ({
  id,
  owner: "jan",
  device: "",
  address,
  transport: "udp",
  expires_at_ms: 0,
});
const change = (seq: number, body: object): Change => ({ seq, ...body }) as Change;

test("a phone appears, moves and goes", () => {
  let live = fold(empty, change(5, { type: "phone", data: phone("a", "1") }));
  live = fold(live, change(6, { type: "phone", data: phone("b", "2") }));
  live = fold(live, change(7, { type: "phone", data: phone("a", "3") }));
  expect(live.phones.map((p) => p.address)).toEqual(["3", "2"]);
  live = fold(live, change(8, { type: "phone_gone", data: "a" }));
  expect(live.phones.map((p) => p.id)).toEqual(["b"]);
  expect(empty.phones).toEqual([]);
});

test("a change that the state already has does nothing", () => {
  expect(fold(empty, change(4, { type: "phone", data: phone("a", "1") }))).toBe(empty);
});

test("a set of the board is replaced, not repeated", () => {
  const set = { port: "fxs1", extension: "301", hook: "on", ringing: false, dialled: "", talking: null };
  let live = fold(empty, change(5, { type: "set", data: set }));
  live = fold(live, change(6, { type: "set", data: { ...set, hook: "off" } }));
  expect(live.board.sets).toEqual([{ ...set, hook: "off" }]);
});
