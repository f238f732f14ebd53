/** How the ports are now: asked for again and again while a page shows it. */
import { api, wanted, type PortList, type Problem } from "../api/client";
import { problemOf } from "./session.svelte";

const ASK_MS = 1_000;
let kept = $state.raw<{ list: PortList | null; problem: Problem | null }>({ list: null, problem: null });

export const ports = (): PortList | null => kept.list;
export const portsProblem = (): Problem | null => kept.problem;

async function ask(): Promise<void> {
  try {
    kept = { list: await wanted(api.GET("/api/v1/ports")), problem: null };
  } catch (thrown) {
    kept = { list: kept.list, problem: problemOf(thrown) };
  }
}

/** Keeps asking until the answer is called: for an effect of a page. A page that nobody sees asks nothing. */
export function watchPorts(): () => void {
  let busy = false;
  const turn = async (): Promise<void> => {
    if (busy || document.hidden) return;
    busy = true;
    await ask();
    busy = false;
  };
  void turn();
  const timer = setInterval(turn, ASK_MS);
  return () => clearInterval(timer);
}
