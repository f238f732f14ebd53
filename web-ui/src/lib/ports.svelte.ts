/** How the ports are now: asked for again and again while a page shows it. */
import { api, wanted, type PortList, type Problem, type Schemas } from "../api/client";
import { problemOf } from "./session.svelte";

const ASK_MS = 1_000;
let kept = $state.raw<{ list: PortList | null; problem: Problem | null }>({ list: null, problem: null });

let seen = $state.raw<Schemas["MediaThread"][]>([]);

/** How the threads fare that carry the voice. */
export const mediaThreads = (): Schemas["MediaThread"][] => seen;
export const ports = (): PortList | null => kept.list;
export const portsProblem = (): Problem | null => kept.problem;

async function ask(threads: boolean): Promise<void> {
  try {
    kept = { list: await wanted(api.GET("/api/v1/ports")), problem: null };
    if (threads) seen = await wanted(api.GET("/api/v1/media-threads"));
  } catch (thrown) {
    kept = { list: kept.list, problem: problemOf(thrown) };
  }
}

/** Keeps asking until the answer is called: for an effect of a page. A page that nobody sees asks nothing. With
 * `threads` also for those that carry the voice. */
export function watchPorts(threads = false): () => void {
  let busy = false;
  const turn = async (): Promise<void> => {
    if (busy || document.hidden) return;
    busy = true;
    await ask(threads);
    busy = false;
  };
  void turn();
  const timer = setInterval(turn, ASK_MS);
  return () => clearInterval(timer);
}
