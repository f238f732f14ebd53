/** The interface of the box: a typed client made from its OpenAPI document, and the live stream. */
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Session = Schemas["Session"];
export type Recording = Schemas["Recording"];
export type MusicPiece = Schemas["MusicPiece"];
export type Live = Schemas["Live"];
export type Change = Schemas["Change"];
export type Person = Schemas["Person"];
export type Phone = Schemas["Phone"];
export type LegQuality = Schemas["LegQuality"];
export type LiveCall = Schemas["LiveCall"];
export type CallSummary = Schemas["CallSummary"];
export type CallExplanation = Schemas["CallExplanation"];
export type ExplainStep = Schemas["ExplainStep"];
export type Party = Schemas["Party"];
export type SimSet = Schemas["SimSet"];
export type BoardAct = Schemas["BoardAct"];
export type Heard = Schemas["Heard"];
export type PhoneCard = Schemas["PhoneCard"];
export type PersonAdded = Schemas["PersonAdded"];
export type PortList = Schemas["PortList"];
export type PortHealth = Schemas["PortHealth"];
export type PortSample = Schemas["PortSample"];
export type Problem = Schemas["Problem"];
export type Role = Schemas["Role"];

/** What a stream of live events looks like from here; the browser's or the mock's. */
export interface Stream {
  addEventListener(name: string, heard: (event: MessageEvent<string>) => void): void;
  close(): void;
}

const mock = import.meta.env.MODE === "mock" ? await import("../mock/server") : null;

export const api = createClient<paths>({
  baseUrl: "/",
  credentials: "same-origin",
  headers: { "Content-Type": "application/json" },
  fetch: (request) => (mock ? mock.answer(request) : fetch(request)),
});

export const stream = (): Stream => (mock ? mock.stream() : new EventSource("/api/v1/events?quality=true"));

/** What went wrong, also when the box could not be reached at all. */
export class Trouble extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

/** The data of an answer; throws {@link Trouble} for everything that is not a success. */
export async function wanted<T>(
  answer: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  let got;
  try {
    got = await answer;
  } catch {
    throw new Trouble({ error: "unreachable", message: "The box does not answer." });
  }
  if (got.response.ok) return got.data as T;
  const problem = got.error;
  if (problem && typeof problem === "object" && "error" in problem) throw new Trouble(problem as Problem);
  throw new Trouble({ error: "internal", message: `The box answered ${got.response.status}.` });
}
